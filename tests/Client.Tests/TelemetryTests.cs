using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>What the client traces, and to where it sends that.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task FanOut_OnALocalSilo_IsOneTraceThatBeginsAtTheCommand()
    {
        await using ProgramProcess client = ProgramProcess.Start(Programs.Client, ["--otel", "console", "local", "--silos", "1", "fan-out", "--children", "3"]);
        Assert.True(await client.ExitAsync() == 0, client.All);
        Dictionary<string, string>[] spans = [.. Spans(client.Error)];
        Dictionary<string, string> command = Assert.Single(spans, span => span["DisplayName"] == "fan-out");
        Assert.Equal("Client", command["Kind"]);
        Assert.DoesNotContain("ParentSpanId", command.Keys);
        Dictionary<string, string> workflow = Assert.Single(spans, span => span["DisplayName"] == "workflow fan-out/v1");
        Assert.Equal((command["TraceId"], command["SpanId"]), (workflow["TraceId"], workflow["ParentSpanId"]));
        // Orleans' calls and the workers' spans too.
        Assert.All(spans.Where(span => span["DisplayName"].StartsWith("IWorkflowGrain/", StringComparison.Ordinal)), span => Assert.Equal(command["TraceId"], span["TraceId"]));
        Assert.Equal(3, spans.Count(span => span["TraceId"] == command["TraceId"] && span["DisplayName"].Contains("fan-out-work/v1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Otlp_TheStandardVariables_SayWhereToHowAndUnderWhichName()
    {
        var received = new ConcurrentQueue<(string Path, string Body)>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication receiver = builder.Build();
        receiver.Run(async request =>
        {
            using var body = new MemoryStream();
            await request.Request.Body.CopyToAsync(body, request.RequestAborted);
            received.Enqueue((request.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            request.Response.ContentType = "application/x-protobuf";
        });
        await receiver.StartAsync(TestContext.Current.CancellationToken);
        await using ProgramProcess client = ProgramProcess.Start(
            Programs.Client,
            ["local", "--silos", "1", "fan-out", "--children", "1"],
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Urls.Single()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_SERVICE_NAME", "a-client-of-tests"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=of-tests"));
        Assert.True(await client.ExitAsync() == 0, client.All);
        foreach (string path in (string[])["/v1/traces", "/v1/metrics"])
        {
            Assert.Contains(received, sent => sent.Path == path
                && sent.Body.Contains("a-client-of-tests", StringComparison.Ordinal) && sent.Body.Contains("of-tests", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("local", "list")]
    public async Task Otlp_AnEndpointThatIsNone_IsTwoAndALineThatSaysSo(params string[] args)
    {
        await using ProgramProcess client = ProgramProcess.Start(Programs.Client, args, ("OTEL_EXPORTER_OTLP_ENDPOINT", "garbage"));
        Assert.True(await client.ExitAsync() == 2, client.All);
        Assert.StartsWith("OTEL_EXPORTER_OTLP_ENDPOINT is 'garbage': ", client.Error, StringComparison.Ordinal);
        Assert.Empty(client.Output);
        Assert.DoesNotContain("   at ", client.All, StringComparison.Ordinal);
    }

    /// <summary>The spans that the console exporter has printed: a line each begins with <c>Activity.</c>, and the first is the trace's id.</summary>
    private static IEnumerable<Dictionary<string, string>> Spans(string printed)
    {
        const string Prefix = "Activity.";
        Dictionary<string, string>? span = null;
        foreach (string line in printed.Split('\n').Where(line => line.StartsWith(Prefix, StringComparison.Ordinal) && line.Contains(": ", StringComparison.Ordinal)))
        {
            string[] parts = line[Prefix.Length..].Split(':', 2);
            if (parts[0] == "TraceId")
            {
                if (span is not null) yield return span;
                span = new Dictionary<string, string>(StringComparer.Ordinal);
            }

            span![parts[0]] = parts[1].Trim();
        }

        if (span is not null) yield return span;
    }
}
