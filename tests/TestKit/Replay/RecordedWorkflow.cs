using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>A workflow's journal as a document of its own: exported from any store, kept beside the tests, replayed for ever.</summary>
/// <remarks>
/// <para>
/// The document is JSON: <c>format</c> is <c>sheaf-journal/1</c>; <c>header</c> has <c>id</c>, <c>workflow</c> (the code's
/// registered name), <c>input</c> (JSON as text), <c>createdAt</c>, <c>status</c> and, once ended, <c>endedAt</c>;
/// <c>entries</c> are the journal's own, in their order, told apart by <c>$</c>.
/// </para>
/// <para>It holds inputs, values, messages and stack traces as they are: look through it before you check it in. Immutable.</para>
/// </remarks>
public sealed class RecordedWorkflow
{
    private const string Format = "sheaf-journal/1";

    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    private RecordedWorkflow(WorkflowHeader header, IReadOnlyList<JournalEntry> entries)
    {
        Header = header;
        Entries = entries;
    }

    /// <summary>The workflow; without its owner, and with epoch 1.</summary>
    public WorkflowHeader Header { get; }

    /// <summary>How many entries its journal has.</summary>
    public int Count => Entries.Count;

    internal IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>Reads a workflow's journal from a store.</summary>
    /// <param name="journal">The store. The workflow may be running: then the record ends with what is committed.</param>
    /// <param name="workflow">The workflow.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    public static async Task<RecordedWorkflow> ExportAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        WorkflowHeader header = await journal.FindAsync(workflow, cancellationToken).ConfigureAwait(false) ?? throw new KeyNotFoundException($"There is no workflow '{workflow}' in the journal.");
        return new RecordedWorkflow(header with { Owner = null, Epoch = 1 }, await JournalReading.ReadAllAsync(journal, workflow, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The document.</param>
    /// <exception cref="JsonException">It is not of this format, or of a newer one.</exception>
    public static RecordedWorkflow FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        string? format = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("format", out JsonElement named) ? named.GetString() : null;
        if (format != Format) throw new JsonException($"The document's format is '{format}'; this version reads '{Format}'.");
        JsonElement header = root.GetProperty("header");
        return new RecordedWorkflow(
            new WorkflowHeader
            {
                Id = header.GetProperty("id").GetString()!,
                Workflow = header.GetProperty("workflow").GetString()!,
                Input = header.GetProperty("input").GetString()!,
                CreatedAt = header.GetProperty("createdAt").GetDateTimeOffset(),
                Status = Enum.Parse<WorkflowStatus>(header.GetProperty("status").GetString()!),
                EndedAt = header.TryGetProperty("endedAt", out JsonElement endedAt) ? endedAt.GetDateTimeOffset() : null,
                Epoch = 1,
            },
            EntryCodec.Decode(Encoding.UTF8.GetBytes(root.GetProperty("entries").GetRawText())));
    }

    /// <summary>The journal as a document, indented, so that people can read it and changes of it.</summary>
    public string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("format", Format);
            writer.WriteStartObject("header");
            writer.WriteString("id", Header.Id.Value);
            writer.WriteString("workflow", Header.Workflow);
            writer.WriteString("input", Header.Input);
            writer.WriteString("createdAt", Header.CreatedAt);
            writer.WriteString("status", Header.Status.ToString());
            if (Header.EndedAt is { } endedAt) writer.WriteString("endedAt", endedAt);
            writer.WriteEndObject();
            writer.WritePropertyName("entries");
            using JsonDocument entries = JsonDocument.Parse(EntryCodec.Encode(Entries));
            entries.RootElement.WriteTo(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>Writes the workflow into a store, as one that nobody owns: if it has not ended, a host that starts on it goes on with it.</summary>
    /// <param name="journal">The store.</param>
    /// <param name="cancellationToken">Gives up. The workflow may have been written all the same.</param>
    /// <exception cref="InvalidOperationException">The id is taken there.</exception>
    public async Task ImportAsync(IJournal journal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        JournalCommit commit = new(Header.Id, 1, 0, Entries)
        {
            Creates = Header with { Status = WorkflowStatus.Running, EndedAt = null },
            EndsAs = Header.Status == WorkflowStatus.Running ? null : Header.Status,
            EndedAt = Header.EndedAt,
        };
        IReadOnlyList<AppendResult> results = await journal.AppendAsync([commit], cancellationToken).ConfigureAwait(false);
        if (results[0] != AppendResult.Accepted) throw new InvalidOperationException($"The workflow id '{Header.Id}' is taken in that journal.");
    }
}
