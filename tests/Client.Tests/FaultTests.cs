using System.Globalization;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>Rule D against real processes: what strikes a fan-out of 10,000 children in the middle, and what the journal's rows say in the end.</summary>
public sealed class FaultTests(PostgreSqlFixture postgres)
{
    private const int Children = 10_000;

    /// <summary>So long, in seconds, that all of them run for a while at the same time; longer on a busy machine. Those that fail sleep half of it.</summary>
    private const int Sleep = 20;

    [Fact]
    [Trait("Rule", "D7")]
    [Trait("Rule", "D8")]
    public async Task Kill_TheOwnerOfTenThousandChildren_AnotherSiloTakesThemOver_AndTheResultIsWhole()
    {
        await using FanOut fanOut = await FanOut.StartAsync(postgres.Server, "owned");
        (string name, SiloProcess owner) = await fanOut.OwnerAsync();
        await owner.KillAsync();
        LeafCounts leaves = await fanOut.EndAsync();
        // What ran elsewhere ran on.
        Assert.InRange(leaves.Lost, 1, fanOut.Running[name]);
        Assert.Equal(2, (await fanOut.Journal.WorkflowAsync("owned")).Epoch);
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D8")]
    public async Task Kill_ASiloThatOnlyWorks_ItsChildrenAreDeliveredAgain_AndTheResultIsWhole()
    {
        await using FanOut fanOut = await FanOut.StartAsync(postgres.Server, "aided", fail: 30);
        (string owner, _) = await fanOut.OwnerAsync();
        string aide = fanOut.Running.Keys.First(name => name != owner);
        await fanOut.Silos[aide].KillAsync();
        LeafCounts leaves = await fanOut.EndAsync();
        Assert.InRange(leaves.Lost, 1, fanOut.Running[aide]);
        Assert.Equal(1, (await fanOut.Journal.WorkflowAsync("aided")).Epoch);
    }

    [Fact]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D7")]
    public async Task Kill_AllSilos_ThreeNewOnesGoOn_AndTheResultIsWhole()
    {
        await using FanOut fanOut = await FanOut.StartAsync(postgres.Server, "deserted", fail: 30);
        await fanOut.Silos.KillAllAsync();
        await fanOut.Silos.ReplaceLostAsync();
        LeafCounts leaves = await fanOut.EndAsync();
        Assert.InRange(leaves.Lost, 1, Children);
    }

    [Fact]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D5")]
    public async Task Crash_TheDatabase_NothingIsLost_AndTheResultIsWhole()
    {
        // A server of its own: others have silos on the shared one.
        await using PostgreSqlServer server = await PostgreSqlServer.StartAsync();
        await using FanOut fanOut = await FanOut.StartAsync(server, "unwritten", fail: 30);
        await server.RestartAsync(crash: true);
        LeafCounts leaves = await fanOut.EndAsync();
        Assert.Equal(0, leaves.Lost);
    }

    [Fact]
    [Trait("Rule", "C5")]
    [Trait("Rule", "D5")]
    public async Task Suspend_TheOwnerUntilOthersHaveItsWorkflow_ItWakesUp_AndChangesNothing()
    {
        // Those that fail have something to say as soon as their silo wakes up; the others hold the workflow open for longer.
        const int Fail = 3_000;
        await using FanOut fanOut = await FanOut.StartAsync(postgres.Server, "frozen", Fail, sleep: 50);
        (string name, SiloProcess owner) = await fanOut.OwnerAsync();
        long suspended = TimeProvider.System.GetTimestamp();
        await owner.SuspendAsync();
        // Past its death, its lease, and the ends of all that fail elsewhere, which began when its own did.
        TimeSpan lease = TimeSpan.FromSeconds(15);
        LeafCounts leaves = await fanOut.Journal.LeavesAsync("frozen");
        await Poll.UntilAsync(
            async () =>
            {
                leaves = await fanOut.Journal.LeavesAsync("frozen");
                return leaves.Lost > 0 && leaves.Failed >= Fail * 3 / 5 && TimeProvider.System.GetElapsedTime(suspended) > lease;
            },
            Silos.Guard,
            () => leaves.ToString());
        await owner.WakeAsync();
        // It finds itself declared dead, and ends; until then it has had the time to write, and tried.
        Assert.NotEqual(0, await owner.ExitAsync());
        Assert.True((await fanOut.Journal.WorkflowAsync("frozen")).IsRunning);
        leaves = await fanOut.EndAsync();
        Assert.InRange(leaves.Lost, 1, fanOut.Running[name]);
        Assert.Equal(2, (await fanOut.Journal.WorkflowAsync("frozen")).Epoch);
    }

    /// <summary>A fan-out of <see cref="Children"/> in its middle, on silos of its own.</summary>
    private sealed class FanOut : IAsyncDisposable
    {
        private readonly string _id;
        private readonly int _fail;
        private readonly ProgramProcess _client;

        private FanOut(Silos silos, string id, int fail, int sleep)
        {
            Silos = silos;
            _id = id;
            _fail = fail;
            Journal = new JournalTables(silos.Database);
            _client = silos.Start("fan-out", "--children", Text(Children), "--fail", Text(fail), "--sleep", Text(silos.Seconds(sleep)), "--id", id);
        }

        public Silos Silos { get; }

        public JournalTables Journal { get; }

        /// <summary>How many children each silo ran when all of them did, but for those that fail, of which some may have ended.</summary>
        public Dictionary<string, int> Running { get; private set; } = [];

        public static async Task<FanOut> StartAsync(PostgreSqlServer server, string id, int fail = 0, int sleep = Sleep)
        {
            FanOut fanOut = new(await Silos.StartAsync(server), id, fail, sleep);
            fanOut.Running = await fanOut.Silos.RunningAsync(id, Children - fail);
            Assert.Equal(3, fanOut.Running.Count);
            return fanOut;
        }

        /// <summary>The silo that owns the workflow, and its name.</summary>
        public async Task<(string Name, SiloProcess Silo)> OwnerAsync() => Silos.At((await Journal.WorkflowAsync(_id)).Owner!);

        /// <summary>Waits for the end that was asked for, of the workflow and of each child, once.</summary>
        public async Task<LeafCounts> EndAsync()
        {
            Assert.True(await _client.ExitAsync() == (_fail == 0 ? 0 : 3), _client.All);
            Assert.Contains(_fail == 0 ? $"{Children} children: {Children} succeeded" : $"{Children} children: {Children - _fail} succeeded, {_fail} failed", _client.Output);
            if (_fail == 0) Assert.Contains($"{Children} results, their sum is {Children * (Children + 1) / 2}", _client.Output);
            Assert.False((await Journal.WorkflowAsync(_id)).IsRunning);
            LeafCounts leaves = await Journal.LeavesAsync(_id);
            Assert.Equal(new LeafCounts(Children, WithoutEnd: 0, EndedAgain: 0, Children - _fail, _fail, leaves.Lost, leaves.MostLost), leaves);
            await using ProgramProcess audit = await Silos.RunAsync("audit", "--running");
            Assert.Equal(["0 orphans"], audit.Output);
            return leaves;
        }

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await Journal.DisposeAsync();
            await Silos.DisposeAsync();
        }

        private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
