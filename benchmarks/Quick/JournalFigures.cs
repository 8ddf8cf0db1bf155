using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sheaf.Benchmarks.Durable;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Appends to the stores that have a disk: medians, each of many appends one after the other.</summary>
internal sealed class JournalFigures : IFigureSet
{
    private const string Variable = "SHEAF_POSTGRESQL";
    private const int Rounds = 301;

    private readonly string _run = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);
    private int _workflows;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        using (SqliteJournal sqlite = new(store.NewFile())) await MeasureAsync("sqlite", sqlite);
        await using PostgreSqlJournal postgreSql = new(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : await store.Server.CreateDatabaseAsync());
        await MeasureAsync("postgresql", postgreSql);
    }

    private async Task MeasureAsync(string store, IJournal journal)
    {
        await MeasureAsync($"journal.{store}.1-commit-of-1", journal, workflows: 1, entries: 1);
        await MeasureAsync($"journal.{store}.1-commit-of-1000", journal, workflows: 1, entries: 1_000);
        await MeasureAsync($"journal.{store}.64-commits-of-10", journal, workflows: 64, entries: 10);
        await MeasureAsync($"journal.{store}.64-creations-of-10", journal, workflows: 64, entries: 10, creates: true);
    }

    /// <summary>Every append has one commit of each workflow; created in it, or before.</summary>
    private async Task MeasureAsync(string name, IJournal journal, int workflows, int entries, bool creates = false)
    {
        byte[] body = Body(entries);
        WorkflowId[] ids = NewIds(workflows);
        if (!creates) await AppendAsync(journal, [.. ids.Select(id => new JournalCommit(id, 1, 0, 0, "[]"u8.ToArray()) { Creates = Header(id) })]);
        List<double> times = [];
        for (int round = -Rounds / 3; round < Rounds; round++)
        {
            if (creates) ids = NewIds(workflows);
            long first = creates ? 0 : (long)(round + (Rounds / 3)) * entries;
            JournalCommit[] commits = [.. ids.Select(id => new JournalCommit(id, 1, first, entries, body) { Creates = creates ? Header(id) : null })];
            long begin = Stopwatch.GetTimestamp();
            await AppendAsync(journal, commits);
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Figures.Print(name, Comparison.Median(times), "ms");
    }

    private static async Task AppendAsync(IJournal journal, JournalCommit[] commits)
    {
        IReadOnlyList<AppendResult> results = await journal.AppendAsync(commits);
        if (results.Any(result => result != AppendResult.Accepted)) throw new InvalidOperationException("An append was refused: the figure would mean nothing.");
    }

    private WorkflowId[] NewIds(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (WorkflowId)string.Create(CultureInfo.InvariantCulture, $"figures-{_run}-{_workflows++}"))];

    private static WorkflowHeader Header(WorkflowId id) => new() { Id = id, Workflow = "figures/v1", Input = "1", CreatedAt = TimeProvider.System.GetUtcNow(), Owner = "figures", Epoch = 1 };

    /// <summary>Entries such as a group's of workers: about 100 bytes each, alike but for their numbers.</summary>
    private static byte[] Body(int entries)
    {
        IEnumerable<string> lines = Enumerable.Range(0, entries).Select(i => string.Create(
            CultureInfo.InvariantCulture, $$"""{"$":"ended","child":"2.{{i}}","delivery":1,"outcome":"Succeeded","at":"2026-02-03T04:05:{{i % 60:00}}.{{i * 7919 % 10000000:0000000}}Z","value":{{i * 31}}}"""));
        return Encoding.UTF8.GetBytes($"[{string.Join(',', lines)}]");
    }
}
