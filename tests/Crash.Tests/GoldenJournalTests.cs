using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Crash.Tests;

/// <summary>Journals of every released format, written once and replayed for ever (docs/decisions/0010-golden-journals.md).</summary>
/// <remarks>
/// They are never written again. One for something new: run with SHEAF_WRITE_GOLDEN=1, which writes those that are missing and
/// touches no other.
/// </remarks>
public sealed class GoldenJournalTests
{
    private static readonly string Root = typeof(GoldenJournalTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    private static string Folder => Path.Combine(Root, "tests", "Crash.Tests", "Golden");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileName(path)).Where(file => !file.EndsWith(".expected.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D3")]
    public async Task Replay_GoldenJournal_HasTheSameDescriptionAndResult(string file)
    {
        RecordedWorkflow recorded = Read(file);
        ReplayReport report = await ReplayTest.RunAsync(recorded, Scenario.Configure);
        Assert.Null(report.Difference);
        string expected = await File.ReadAllTextAsync(Path.Combine(Folder, Path.ChangeExtension(file, ".expected.json")));
        Assert.Equal(expected.ReplaceLineEndings("\n"), Expected(report));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_GoldenJournal_EncodesToTheSameJson(string file)
    {
        JsonNode there = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;
        JsonNode back = JsonNode.Parse(Read(file).ToJson())!;
        Assert.True(JsonNode.DeepEquals(there, back), $"{file} comes back otherwise:\n{back.ToJsonString()}");
    }

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Rule", "D9")]
    public async Task Import_GoldenJournal_IsReadBackFromAStore(string file)
    {
        using TemporaryFolder folder = new();
        using SqliteJournal journal = new($"Data Source={folder.PathOf("golden.db")};Pooling=False");
        RecordedWorkflow recorded = Read(file);
        await recorded.ImportAsync(journal);
        Assert.Equal(recorded.ToJson(), (await RecordedWorkflow.ExportAsync(journal, recorded.Header.Id)).ToJson());
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Replay_CodeThatDiffers_NamesTheEntryAndWhatItDoesInstead()
    {
        string json = await File.ReadAllTextAsync(Path.Combine(Folder, "window.json"));
        ReplayReport report = await ReplayTest.RunAsync(RecordedWorkflow.FromJson(json.Replace("\"takes 2\"", "\"took 2\"", StringComparison.Ordinal)), Scenario.Configure);
        Assert.Contains("at entry 4. Journaled: start worker 'take-hours/v1' as child 'took 2' (1.2) with input 2. The code now: it did this instead: start worker 'take-hours/v1' as child 'takes 2'", report.Difference, StringComparison.Ordinal);
        Assert.Throws<NonDeterministicWorkflowException>(report.ThrowIfDifferent);
    }

    [Fact]
    public void FromJson_AnotherFormat_IsRefused() =>
        Assert.Contains("'sheaf-journal/2'", Assert.Throws<JsonException>(() => RecordedWorkflow.FromJson("""{"format":"sheaf-journal/2"}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void GoldenJournals_BetweenThem_HaveEveryKindOfEntry()
    {
        IEnumerable<string> kinds = Files.Select(row => row.Data).SelectMany(file => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!["entries"]!.AsArray().Select(entry => (string)entry!["$"]!));
        IEnumerable<string> all = typeof(JournalEntry).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => (string)attribute.TypeDiscriminator!);
        Assert.Equal(all.Order(StringComparer.Ordinal), kinds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    private static readonly string[] Suffixes = ["", "-crashed", "-stopped"];

    [Fact]
    public async Task GoldenJournals_OfEveryScenario_AreThere()
    {
        bool writes = Environment.GetEnvironmentVariable("SHEAF_WRITE_GOLDEN") == "1";
        foreach (Scenario scenario in Scenario.All.Where(scenario => Suffixes.Any(suffix => !File.Exists(Path.Combine(Folder, $"{scenario.Name}{suffix}.json")))))
        {
            Assert.True(writes, $"There is no golden journal of '{scenario.Name}'. Run with SHEAF_WRITE_GOLDEN=1, and look through what it wrote.");
            await WriteAsync(scenario);
        }
    }

    /// <summary>The undisturbed run's journal, and those that a crash and a stop in its middle left, so that deliveries that were lost or handed back are among them.</summary>
    private static async Task WriteAsync(Scenario scenario)
    {
        Dictionary<int, MemoryJournal> journals = [];
        CrashTestReport report = await scenario.CrashAsync(run => journals.TryGetValue(run, out MemoryJournal? there) ? there : journals[run] = new MemoryJournal());
        int crashed = report.Points.ToList().IndexOf(new CrashPoint(CrashKind.CrashWhileWaiting, 2)) + 1;
        int stopped = report.Points.ToList().IndexOf(new CrashPoint(CrashKind.StopWhileWaiting, 2)) + 1;
        await WriteAsync(scenario.Name, report.Recorded);
        await WriteAsync($"{scenario.Name}-crashed", await RecordedWorkflow.ExportAsync(journals[crashed], scenario.Name));
        await WriteAsync($"{scenario.Name}-stopped", await RecordedWorkflow.ExportAsync(journals[stopped], scenario.Name));
        foreach ((string name, WorkflowId id) in scenario.Nested) await WriteAsync($"{scenario.Name}-{name}", await RecordedWorkflow.ExportAsync(journals[0], id));
    }

    private static async Task WriteAsync(string name, RecordedWorkflow recorded)
    {
        // What is there is kept for ever.
        if (File.Exists(Path.Combine(Folder, $"{name}.json"))) return;
        // Where the repository is on the writer's machine is nobody's business.
        RecordedWorkflow anonymous = RecordedWorkflow.FromJson(recorded.ToJson().Replace(Root.TrimEnd('/'), "/_", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(Folder, $"{name}.json"), anonymous.ToJson());
        await File.WriteAllTextAsync(Path.Combine(Folder, $"{name}.expected.json"), Expected(await ReplayTest.RunAsync(anonymous, Scenario.Configure)));
    }

    private static RecordedWorkflow Read(string file) => RecordedWorkflow.FromJson(File.ReadAllText(Path.Combine(Folder, file)));

    /// <summary>What a replay has to give: the description without the stack texts, which the journal has, and the value.</summary>
    private static string Expected(ReplayReport report)
    {
        StringBuilder text = new();
        WorkflowDescription of = report.Description;
        text.AppendLine($"{of.Id} {of.Workflow} {of.Status} {of.CreatedAt:O} {of.EndedAt:O} {of.JournalLength} entries, cause: {of.Cause}, failure: {of.Failure}");
        foreach (ChildDescription child in of.Children) Append(child, "  ");
        JsonObject expected = new() { ["value"] = report.Value, ["description"] = new JsonArray([.. text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (JsonNode)line)]) };
        return expected.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

        void Append(ChildDescription child, string indent)
        {
            text.AppendLine($"{indent}{child.Kind} '{child.Name}' {child.Status} {child.Outcome} {child.Worker} {child.Attempt}/{child.Delivery} {child.StartedAt:O} {child.EndedAt:O}, cause: {child.Cause}, failure: {child.Failure}");
            foreach (ChildDescription inner in child.Children) Append(inner, indent + "  ");
        }
    }
}
