using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Sheaf.Settings;

/// <summary>Reads options one by one and collects the mistakes, so that they are all reported at once.</summary>
/// <remarks>A mistake is a line with the option, its value, and what to do. Not thread-safe.</remarks>
internal sealed class SettingsReader(IConfiguration configuration)
{
    private readonly List<string> _mistakes = [];

    /// <summary>The option's text, or <see langword="null"/> where there is none: empty counts as not set.</summary>
    public string? Text(string option) => configuration[option] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>One of the names of an enum, in any case.</summary>
    public TChoice Choice<TChoice>(string option, TChoice otherwise, string? shownAs = null)
        where TChoice : struct, Enum
    {
        if (Text(option) is not { } text) return otherwise;
        // Enum.TryParse takes numbers too; a number is a mistake here.
        foreach (TChoice choice in Enum.GetValues<TChoice>())
        {
            if (string.Equals(choice.ToString(), text, StringComparison.OrdinalIgnoreCase)) return choice;
        }

        return Mistake(shownAs ?? option, text, $"give one of {string.Join(", ", Enum.GetNames<TChoice>())}", otherwise);
    }

    /// <summary>A TCP port.</summary>
    public int Port(string option, int otherwise)
    {
        if (Text(option) is not { } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= IPEndPoint.MaxPort
            ? port
            : Mistake(option, text, $"give a free TCP port from 1 to {IPEndPoint.MaxPort}, such as {otherwise}", otherwise);
    }

    /// <summary>An IP address or a host name; whether the name resolves is seen when the silo starts.</summary>
    public string? Host(string option)
    {
        if (Text(option) is not { } text) return null;
        if (IPAddress.TryParse(text, out IPAddress? address))
        {
            return !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
                ? text
                : Mistake<string?>(option, text, "give the one address at which others reach this silo, or leave it out", null);
        }

        return Uri.CheckHostName(text) == UriHostNameType.Dns
            ? text
            : Mistake<string?>(option, text, "give an IP address or a host name, without a port", null);
    }

    /// <summary>An address with a port.</summary>
    public IPEndPoint? Endpoint(string option)
    {
        if (Text(option) is not { } text) return null;
        return IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && endpoint.Port != 0
            ? endpoint
            : Mistake<IPEndPoint?>(option, text, "give the primary silo's address and silo port, such as 127.0.0.1:11111", null);
    }

    /// <summary>An absolute URL of HTTP, which is gRPC's too.</summary>
    public Uri? Url(string option)
    {
        if (Text(option) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : Mistake<Uri?>(option, text, "give an absolute URL, such as http://localhost:4317, or leave it out", null);
    }

    /// <summary>Ports that must differ.</summary>
    public void Distinct(params (string Option, int Port)[] ports)
    {
        foreach (IGrouping<int, (string Option, int Port)> same in ports.GroupBy(port => port.Port).Where(group => group.Count() > 1))
            _mistakes.Add($"{string.Join(" and ", same.Select(port => port.Option))} are both '{same.Key}': give each a port of its own.");
    }

    /// <summary>A connection string that is there and can be read. Its text is never printed: it may hold a password.</summary>
    public void Connection(string option, string? text)
    {
        if (text is null)
        {
            _mistakes.Add(
                $"{option} is not set, and Sheaf:Clustering is '{ClusteringKind.PostgreSql}': give a connection string, "
                + "such as Host=localhost;Database=sheaf;Username=sheaf;Password=…, or use Sheaf:Clustering=Localhost.");
            return;
        }

        try
        {
            var builder = new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrWhiteSpace(builder.Host)) _mistakes.Add($"{option} names no host: add Host=….");
        }
        catch (ArgumentException error)
        {
            _mistakes.Add($"{option} cannot be read ({error.Message}): give a connection string as Npgsql takes it, such as Host=localhost;Database=sheaf.");
        }
    }

    /// <summary>An option that belongs to the other kind of clustering.</summary>
    public void OnlyWith(ClusteringKind clustering, string option)
    {
        if (Text(option) is { } text)
            _mistakes.Add($"{option} is '{text}', which only Sheaf:Clustering={clustering} uses: leave it out, or set Sheaf:Clustering={clustering}.");
    }

    /// <summary>Reports the mistakes, if there are any.</summary>
    /// <exception cref="SettingsException">There are.</exception>
    public void ThrowIfAny()
    {
        if (_mistakes.Count > 0) throw new SettingsException(_mistakes);
    }

    private T Mistake<T>(string option, string text, string remedy, T otherwise)
    {
        _mistakes.Add($"{option} is '{text}': {remedy}.");
        return otherwise;
    }
}
