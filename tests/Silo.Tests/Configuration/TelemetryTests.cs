using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sheaf.Settings;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Tests.Configuration;

/// <summary>What the standard variables do, with a collector that notes the paths it is asked for.</summary>
public sealed class TelemetryTests
{
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "", "/v1/logs /v1/metrics /v1/traces")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/spans", "/spans")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/figures", "/figures")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "/lines", "/lines")]
    public async Task Endpoint_OfAllOrOneSignal_GetsThatAndNothingElse(string variable, string path, string asked)
    {
        using Collector collector = new();
        await using (ServiceProvider services = Start((variable, collector.Url + path), (Protocol, "http/protobuf"))) ExportAll(services);
        Assert.Equal(asked, string.Join(' ', collector.Paths.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Variables_OfOneSignal_WinOverThoseOfAll()
    {
        using Collector collector = new();
        await using (ServiceProvider services = Start(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", $"{collector.Url}/spans"),
            (Protocol, "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "key=value")))
        {
            ExportAll(services);
        }

        Assert.Equal("/spans /v1/logs /v1/metrics", string.Join(' ', collector.Paths.Order(StringComparer.Ordinal)));
        Assert.Equal("/v1/logs", Assert.Single(collector.WithKey));
    }

    [Theory]
    [InlineData(null, null, "sheaf-silo", "silo-1")]
    [InlineData("orders", null, "orders", "silo-1")]
    [InlineData(null, "service.name=bills,service.instance.id=one", "bills", "one")]
    [InlineData("orders", "service.name=bills,deployment.environment=test", "orders", "silo-1")]
    public async Task Resource_HasServiceAndInstance(string? name, string? attributes, string service, string instance)
    {
        await using ServiceProvider services = Start(
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_SERVICE_NAME", name), ("OTEL_RESOURCE_ATTRIBUTES", attributes));
        Dictionary<string, object> resource = services.GetRequiredService<TracerProvider>().GetResource().Attributes.ToDictionary();
        Assert.Equal((service, instance), (resource["service.name"], resource["service.instance.id"]));
    }

    /// <summary>One span, one measurement and one line, and all of it sent.</summary>
    private static void ExportAll(ServiceProvider services)
    {
        // Those that export nothing are not there.
        TracerProvider? traces = services.GetService<TracerProvider>();
        MeterProvider? metrics = services.GetService<MeterProvider>();
        LoggerProvider? logs = services.GetService<LoggerProvider>();
        using (ActivitySource source = new(SheafTelemetry.SourceName))
            source.StartActivity("a span")?.Dispose();
        using Meter meter = new(SheafTelemetry.MeterName);
        meter.CreateCounter<int>("count").Add(1);
        services.GetRequiredService<ILogger<TelemetryTests>>().LogWarning("A line.");
        traces?.ForceFlush();
        metrics?.ForceFlush();
        logs?.ForceFlush();
    }

    private static ServiceProvider Start(params (string Option, string? Value)[] options)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(options.Append(("Sheaf:SiloName", "silo-1")).Select(option => KeyValuePair.Create(option.Item1, option.Item2)))
            .Build();
        SiloSettings settings = SiloSettings.Read(configuration);
        ServiceCollection services = new();
        services.AddLogging();
        services.AddSingleton(configuration);
        services.AddSheafTelemetry(settings, configuration, "sheaf-silo", settings.SiloName);
        return services.BuildServiceProvider();
    }

    /// <summary>Takes whatever is sent by HTTP.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly HashSet<string> _paths = [];
        private readonly HashSet<string> _withKey = [];
        private readonly Task _answering;

        public Collector()
        {
            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
            }

            _listener.Prefixes.Add($"{Url}/");
            _listener.Start();
            _answering = Task.Run(AnswerAsync);
        }

        public string Url { get; }

        public IReadOnlyList<string> Paths => Read(_paths);

        /// <summary>Those that were asked for with the header <c>key</c>.</summary>
        public IReadOnlyList<string> WithKey => Read(_withKey);

        public void Dispose()
        {
            _listener.Stop();
            _answering.Wait(TimeSpan.FromSeconds(30));
            _listener.Close();
        }

        private static IReadOnlyList<string> Read(HashSet<string> paths)
        {
            lock (paths) return [.. paths];
        }

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext question = await _listener.GetContextAsync();
                    Note(_paths, question);
                    if (question.Request.Headers["key"] is not null) Note(_withKey, question);
                    question.Response.Close();
                }
            }
            catch (Exception error) when (error is HttpListenerException or InvalidOperationException)
            {
                // It was stopped.
            }
        }

        private static void Note(HashSet<string> paths, HttpListenerContext question)
        {
            lock (paths) paths.Add(question.Request.Url!.AbsolutePath);
        }
    }
}
