using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf.Samples.Agent.Output;

/// <summary>One JSON document in UTF-8 for programs, written when the work has ended, however it ended. Chinese is not escaped.</summary>
/// <remarks>
/// <c>question, answer, degraded, heartbeats, tools[name, state, detail, durationMs, silo], failures[path, type, message]</c>.
/// What is unknown is null. States are <c>waiting, running, succeeded, failed, cancelled</c>.
/// </remarks>
public sealed class JsonAnswerView(Stream output) : IAnswerView
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // The default encoder escapes everything but ASCII, for the sake of HTML; this document never becomes part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private volatile AnswerSnapshot? _newest;

    /// <inheritdoc/>
    public void Update(AnswerSnapshot snapshot) => _newest = snapshot;

    /// <inheritdoc/>
    public async Task ShowAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        finally
        {
            if (_newest is { } snapshot) await JsonSerializer.SerializeAsync(output, Document(snapshot), Options);
            await output.WriteAsync("\n"u8.ToArray());
            await output.FlushAsync();
        }
    }

    private static object Document(AnswerSnapshot snapshot) => new
    {
        snapshot.Question,
        snapshot.Answer,
        snapshot.Degraded,
        snapshot.Heartbeats,
        Tools = snapshot.Tools.Select(tool => new
        {
            tool.Name,
            tool.State,
            tool.Detail,
            DurationMs = tool.Duration?.TotalMilliseconds,
            tool.Silo,
        }),
        snapshot.Failures,
    };
}
