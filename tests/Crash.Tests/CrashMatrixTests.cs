using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Crash.Tests;

/// <summary>The crash matrix: every journal write and every effect of every scenario, on each store.</summary>
public sealed class CrashMatrixTests(CrashMatrixTests.Matrix matrix) : IClassFixture<CrashMatrixTests.Matrix>
{
    public static TheoryData<string> Names => [.. Scenario.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D5")]
    public async Task MemoryJournal_CrashAtEveryWriteAndEffect_EndsTheSame(string scenario) => Assert.NotEmpty((await matrix.RunAsync(scenario)).Points);

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D5")]
    [Trait("Rule", "D9")]
    public async Task SqliteJournal_CrashAtEveryWriteAndEffect_EndsTheSame(string scenario)
    {
        using TemporaryFolder folder = new();
        CrashTestReport report = await Scenario.Named(scenario).CrashAsync(run => new SqliteJournal($"Data Source={folder.PathOf($"{run}.db")};Pooling=False"));
        matrix.Add(report);
        Assert.NotEmpty(report.Points);
    }

    [Fact]
    public async Task Scenarios_BetweenThem_UseEveryKindOfEntryAndChild()
    {
        foreach (Scenario scenario in Scenario.All) await matrix.RunAsync(scenario.Name);
        Assert.Equal(EveryKindOfEntry().Order(StringComparer.Ordinal), matrix.EntryKinds.Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetNames<ChildKind>().Order(StringComparer.Ordinal), matrix.ChildKinds.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> EveryKindOfEntry() =>
        typeof(JournalEntry).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => (string)attribute.TypeDiscriminator!);

    /// <summary>What the tests of the class have done together.</summary>
    public sealed class Matrix : IDisposable
    {
        private readonly ConcurrentDictionary<string, Task<CrashTestReport>> _reports = new();
        private readonly ConcurrentBag<CrashTestReport> _done = [];

        public ConcurrentBag<string> Entries { get; } = [];

        public ConcurrentBag<string> Children { get; } = [];

        public IEnumerable<string> EntryKinds => Entries.Distinct(StringComparer.Ordinal);

        public IEnumerable<string> ChildKinds => Children.Distinct(StringComparer.Ordinal);

        /// <summary>A scenario's matrix in memory, once.</summary>
        public Task<CrashTestReport> RunAsync(string scenario) => _reports.GetOrAdd(scenario, RunOnceAsync);

        public void Add(CrashTestReport report) => _done.Add(report);

        public void Dispose() => Console.WriteLine($"Crash matrix: {_done.Sum(report => report.Points.Count)} crash points, {_done.Sum(report => report.Runs)} runs, 0 violations in those that passed");

        private async Task<CrashTestReport> RunOnceAsync(string scenario)
        {
            ConcurrentDictionary<int, MemoryJournal> journals = new();
            CrashTestReport report = await Scenario.Named(scenario).CrashAsync(run => journals.GetOrAdd(run, _ => new MemoryJournal()));
            foreach (MemoryJournal journal in journals.Values) await CollectKindsAsync(journal, scenario);
            _done.Add(report);
            return report;
        }

        private async Task CollectKindsAsync(MemoryJournal journal, WorkflowId id)
        {
            await foreach (JournalCommit commit in journal.ReadAsync(id))
            {
                using JsonDocument entries = JsonDocument.Parse(commit.Body);
                foreach (JsonElement entry in entries.RootElement.EnumerateArray())
                {
                    string kind = entry.GetProperty("$").GetString()!;
                    if (!Entries.Contains(kind)) Entries.Add(kind);
                    if (kind == "start" && ChildKindOf(entry) is { } child && !Children.Contains(child)) Children.Add(child);
                }
            }
        }

        // Left out where it is the first.
        private static string ChildKindOf(JsonElement start) => start.TryGetProperty("kind", out JsonElement kind) ? kind.GetString()! : nameof(ChildKind.Worker);
    }
}
