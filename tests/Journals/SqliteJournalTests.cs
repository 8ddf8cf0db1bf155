using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;

namespace Sheaf.Journals;

public sealed class SqliteJournalTests : JournalContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sheaf-journal").FullName;
    private readonly SqliteJournal _journal;

    public SqliteJournalTests() => _journal = new SqliteJournal(ConnectionString);

    protected override IJournal Journal => _journal;

    private string ConnectionString => $"Data Source={Path.Combine(_folder, "sheaf.db")}";

    public void Dispose()
    {
        _journal.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Open_AnExistingFile_HasWhatWasAccepted()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]")], Token);
        using SqliteJournal again = new(ConnectionString);
        Assert.Equal(Header("a"), await again.FindAsync("a", Token));
        Assert.Single(await ReadAsync("a"));
    }

    [Fact]
    [Trait("Rule", "D9")]
    public void Open_FromSeveralThreadsAtOnce_MigratesOnce()
    {
        string file = $"Data Source={Path.Combine(_folder, "fresh.db")}";
        Parallel.For(0, 8, _ => new SqliteJournal(file).Dispose());
        using SqliteJournal journal = new(file);
        Assert.NotNull(journal);
    }

    [Fact]
    [Trait("Rule", "D9")]
    public void Open_ANewerSchema_SaysSo()
    {
        using (SqliteConnection connection = new(ConnectionString))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => new SqliteJournal(ConnectionString));
        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=x;Mode=Memory")]
    [InlineData("Cache=Shared")]
    public void Open_WithoutAFile_SaysWhatToUse(string connectionString)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new SqliteJournal(connectionString));
        Assert.Contains("MemoryJournal", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D6")]
    public async Task Entries_ForPeople_AreRowsOfAView()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 2, """[{"$":"started"},{"$":"start","name":"x"}]""")], Token);
        using SqliteConnection connection = new(ConnectionString);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(workflow_id || ' ' || sequence || ' ' || kind) FROM (SELECT * FROM sheaf_entry ORDER BY sequence)";
        Assert.Equal("a 0 started,a 1 start", command.ExecuteScalar());
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Workflow_HostStoppedInTheMiddle_GoesOnInAnotherProcessImage()
    {
        TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Gate first = new(running, Opens: false);
        await using (ServiceProvider provider = Host(first))
        {
            await provider.GetRequiredService<IWorkflowClient>().StartAsync(Run.Workflow<TwoParts>(), "two", 20, Token);
            await running.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        }

        await using ServiceProvider second = Host(new Gate(new TaskCompletionSource(), Opens: true));
        Assert.Equal(41, await second.GetRequiredService<IWorkflowClient>().RunAsync(Run.Workflow<TwoParts>(), "two", 20, Token));
        WorkflowDescription description = (await second.GetRequiredService<IWorkflowClient>().DescribeAsync("two", Token))!;
        ChildDescription[] parts = [.. Assert.Single(description.Children).Children];
        Assert.Equal([1, 2], parts.Select(part => part.Delivery));
    }

    private ServiceProvider Host(Gate gate) => new ServiceCollection()
        .AddSingleton(gate)
        .AddSheaf(s => s.AddWorkflow<TwoParts>().AddWorker<Twice>().AddWorker<PlusOneBehindTheGate>())
        .UseEmbedded(ConnectionString)
        .BuildServiceProvider();

    public sealed record Gate(TaskCompletionSource Running, bool Opens);

    [Workflow("two-parts/v1")]
    public sealed class TwoParts : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("parts", async group =>
        {
            int twice = await group.Start(Run.Worker<Twice>(), input);
            return await group.Start(Run.Worker<PlusOneBehindTheGate>(), twice);
        });
    }

    [Worker("twice/v1")]
    public sealed class Twice : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input * 2);
    }

    [Worker("plus-one/v1")]
    public sealed class PlusOneBehindTheGate(Gate gate) : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            gate.Running.TrySetResult();
            if (!gate.Opens) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return input + 1;
        }
    }
}
