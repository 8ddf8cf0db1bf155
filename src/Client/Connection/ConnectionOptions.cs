using System.CommandLine;
using Microsoft.Extensions.Configuration;

namespace Sheaf.Client.Connection;

/// <summary>Options of the command line that stand for settings; each wins over its environment variable.</summary>
internal sealed class ConnectionOptions
{
    private readonly (Option<string?> Option, string Key)[] _all =
    [
        (Make("--clustering", "KIND", "Where silos are found: Localhost or PostgreSql."), "Sheaf:Clustering"),
        (Make("--connection-string", "TEXT", "The cluster's database, for --clustering PostgreSql."), "ConnectionStrings:Sheaf"),
        (Make("--cluster-id", "ID", "The cluster's id; 'sheaf' by default."), "Sheaf:ClusterId"),
        (Make("--service-id", "ID", "The service's id; 'sheaf' by default."), "Sheaf:ServiceId"),
        (Make("--gateway-port", "PORT", "A silo's gateway port on this machine, for --clustering Localhost; 30000 by default."), "Sheaf:GatewayPort"),
        (Make("--otel", "console", "Prints the client's traces and metrics to standard error."), "otel"),
    ];

    /// <summary>Adds the options to a command and all below it.</summary>
    public void AddTo(Command command)
    {
        foreach ((Option<string?> option, _) in _all) command.Options.Add(option);
    }

    /// <summary>The environment and, over it, the options given.</summary>
    public IConfiguration Read(ParseResult arguments) => new ConfigurationBuilder()
        .AddEnvironmentVariables()
        .AddInMemoryCollection(_all
            .Select(pair => KeyValuePair.Create(pair.Key, arguments.GetValue(pair.Option)))
            .Where(pair => pair.Value is not null))
        .Build();

    private static Option<string?> Make(string name, string value, string description) =>
        new(name) { HelpName = value, Description = $"{description} [{Variable(name)}]", Recursive = true };

    private static string Variable(string name) => name switch
    {
        "--clustering" => "Sheaf__Clustering",
        "--connection-string" => "ConnectionStrings__Sheaf",
        "--cluster-id" => "Sheaf__ClusterId",
        "--service-id" => "Sheaf__ServiceId",
        "--gateway-port" => "Sheaf__GatewayPort",
        _ => "OTEL_EXPORTER_OTLP_ENDPOINT sends them",
    };
}
