using System.Text;
using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Journals;

/// <summary>Several processes on one database: two journals with a pool each, and a server that goes away.</summary>
[Collection("PostgreSQL")]
public sealed class PostgreSqlRaceTests(PostgreSqlFixture postgres) : IAsyncLifetime
{
    private static readonly DateTimeOffset CreatedAt = new(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private string _schema = "";
    private PostgreSqlJournal _one = null!;
    private PostgreSqlJournal _two = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _schema = postgres.Server.NewSchema();
        _one = new PostgreSqlJournal(postgres.Server.ConnectionString, _schema);
        _two = new PostgreSqlJournal(postgres.Server.ConnectionString, _schema);
        await _one.MigrateAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_one is not null) await _one.DisposeAsync();
        if (_two is not null) await _two.DisposeAsync();
    }

    [Theory]
    [Trait("Rule", "D5")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Append_WaitingForATakeover_IsStaleAfterIt(int commits)
    {
        // One commit and several take different ways.
        string[] ids = [.. Enumerable.Range(0, commits).Select(i => $"w{i}")];
        await CreateAsync(ids);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlConnection claimer = await source.OpenConnectionAsync(Token);
        await using NpgsqlTransaction takeover = await claimer.BeginTransactionAsync(Token);
        await ExecuteAsync(claimer, $"UPDATE \"{_schema}\".sheaf_workflow SET owner = 'other', epoch = epoch + 1 WHERE id = 'w0'");
        Task<IReadOnlyList<AppendResult>> append = _one.AppendAsync([.. ids.Select(id => Commit(id, 1, 0, "[1]"))], Token);
        await WaitsForAsync(append, claimer, source);
        await takeover.CommitAsync(Token);
        IReadOnlyList<AppendResult> results = await append;
        Assert.Equal([AppendResult.Stale, .. Enumerable.Repeat(AppendResult.Accepted, commits - 1)], results);
        Assert.Empty(await ReadAsync(_two, "w0"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_VictimOfADeadlock_IsTriedAgain()
    {
        await CreateAsync(["a", "b"]);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlConnection stranger = await source.OpenConnectionAsync(Token);
        // Whoever looks for a deadlock first is its victim: the append.
        await ExecuteAsync(stranger, "SET deadlock_timeout = '1min'");
        await using PostgreSqlJournal victim = new($"{postgres.Server.ConnectionString};Options=-c deadlock_timeout=2s", _schema);
        await using NpgsqlTransaction transaction = await stranger.BeginTransactionAsync(Token);
        await ExecuteAsync(stranger, $"UPDATE \"{_schema}\".sheaf_workflow SET input = '2' WHERE id = 'b'");
        int before = await CountDeadlocksAsync();
        Task<IReadOnlyList<AppendResult>> append = victim.AppendAsync([Commit("a", 1, 0, "[1]"), Commit("b", 1, 0, "[1]")], Token);
        // Within the server: it looks once, after its timeout, and by then the stranger has to wait for the append too.
        await ExecuteAsync(stranger, $"""
            DO $$ BEGIN
                WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) LOOP PERFORM pg_sleep(0.01); END LOOP;
                UPDATE "{_schema}".sheaf_workflow SET input = '2' WHERE id = 'a';
            END $$
            """);
        await transaction.CommitAsync(Token);
        Assert.Equal([AppendResult.Accepted, AppendResult.Accepted], await append);
        // On a busy machine the next try may have the first row again before the stranger wakes up: then it is a victim once more.
        Assert.InRange(await CountDeadlocksAsync(), before + 1, int.MaxValue);
    }

    [Fact]
    public async Task Append_CancelledWhileItWaits_ThrowsAndWritesNothing()
    {
        await CreateAsync(["a"]);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlConnection stranger = await source.OpenConnectionAsync(Token);
        await using NpgsqlTransaction transaction = await stranger.BeginTransactionAsync(Token);
        await ExecuteAsync(stranger, $"UPDATE \"{_schema}\".sheaf_workflow SET input = '2' WHERE id = 'a'");
        using CancellationTokenSource cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<IReadOnlyList<AppendResult>> append = _one.AppendAsync([Commit("a", 1, 0, "[1]")], cancellation.Token);
        await WaitsForAsync(append, stranger, source);
        await cancellation.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        Assert.Equal(cancellation.Token, error.CancellationToken);
        await transaction.CommitAsync(Token);
        Assert.Empty(await ReadAsync(_one, "a"));
        Assert.Equal([AppendResult.Accepted], await _one.AppendAsync([Commit("a", 1, 0, "[1]")], Token));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_RacingWithATakeover_NeverFollowsTheNewOwnersReading()
    {
        const int Rounds = 150;
        await CreateAsync(["a", "b"]);
        for (int round = 0; round < Rounds; round++)
        {
            long epoch = (await _one.ClaimAsync("a", "old", Token))!.Epoch;
            long next = (await ReadAsync(_one, "a")).Count;
            // The other one of the batch makes it take the way of several commits, every second time.
            JournalCommit mine = Commit("a", epoch, next, "[1]");
            JournalCommit[] late = round % 2 == 0 ? [mine] : [mine, Commit("b", 0, 0, "[1]")];
            Task<IReadOnlyList<AppendResult>> append = Task.Run(() => _one.AppendAsync(late, Token));
            WorkflowHeader claimed = (await _two.ClaimAsync("a", "new", Token))!;
            long tail = (await ReadAsync(_two, "a")).Count;
            AppendResult newOwners = (await _two.AppendAsync([Commit("a", claimed.Epoch, tail, "[2]")], Token))[0];
            AppendResult oldOwners = (await append)[0];
            // What the old owner wrote was there when the new one read, or was not written.
            Assert.Equal(AppendResult.Accepted, newOwners);
            Assert.Equal(oldOwners == AppendResult.Accepted ? next + 1 : next, tail);
        }
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_OverlappingInOppositeOrder_DoesNotDeadlock()
    {
        const int Rounds = 100;
        string[] ids = [.. Enumerable.Range(0, 20).Select(i => $"w{i:00}")];
        await CreateAsync(ids);
        int before = await CountDeadlocksAsync();
        int[] accepted = await Task.WhenAll(WriteAsync(_one, ids), WriteAsync(_two, [.. ids.Reverse()]));
        Assert.Equal(Rounds * ids.Length, accepted.Sum());
        Assert.Equal(before, await CountDeadlocksAsync());

        // Both have the same epoch and try each number: one of them gets it.
        async Task<int> WriteAsync(PostgreSqlJournal journal, string[] order)
        {
            int mine = 0;
            for (int i = 0; i < Rounds; i++)
            {
                IReadOnlyList<AppendResult> results = await Task.Run(() => journal.AppendAsync([.. order.Select(id => Commit(id, 1, i, "[1]"))], Token));
                mine += results.Count(result => result == AppendResult.Accepted);
            }

            return mine;
        }
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Append_CreatingTheSameIdsAtOnce_GivesEachToOne()
    {
        const int Rounds = 60;
        int before = await CountDeadlocksAsync();
        for (int round = 0; round < Rounds; round++)
        {
            string[] ids = [.. Enumerable.Range(0, 10).Select(i => $"r{round}-{i}")];
            // An existing workflow in the middle: creations and locks are not in one order.
            await CreateAsync([$"r{round}-5x"]);
            Task<IReadOnlyList<AppendResult>> first = Task.Run(() => _one.AppendAsync([.. ids.Select(id => Creation(id, "one")), Commit($"r{round}-5x", 1, 0, "[1]")], Token));
            Task<IReadOnlyList<AppendResult>> second = Task.Run(() => _two.AppendAsync([Commit($"r{round}-5x", 1, 0, "[1]"), .. ids.Reverse().Select(id => Creation(id, "two"))], Token));
            AppendResult[] one = [.. (await first).Take(ids.Length)];
            AppendResult[] two = [.. (await second).Skip(1).Reverse()];
            for (int i = 0; i < ids.Length; i++)
            {
                Assert.Equal([AppendResult.Accepted, AppendResult.Taken], ((AppendResult[])[one[i], two[i]]).Order());
                Assert.Equal(one[i] == AppendResult.Accepted ? "one" : "two", (await _one.FindAsync(ids[i], Token))!.Owner);
                Assert.Single(await ReadAsync(_one, ids[i]));
            }
        }

        Assert.Equal(before, await CountDeadlocksAsync());
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_ServerCrashesMeanwhile_KeepsWhatWasAcceptedAndGoesOn()
    {
        await CreateAsync(["a"]);
        long accepted = 0;
        for (int crash = 0; crash < 2; crash++)
        {
            TaskCompletionSource warm = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<long> writing = WriteUntilItFailsAsync(accepted, warm);
            await warm.Task.WaitAsync(TimeSpan.FromMinutes(2), Token);
            await postgres.Server.RestartAsync(crash: true);
            accepted = await writing;
            // The other journal has seen nothing of it but that its connections are gone.
            long tail = await TailAsync(_two);
            // The last append may have been written, although nobody said so.
            Assert.InRange(tail, accepted, accepted + 1);
            Assert.Equal([AppendResult.Accepted], await _two.AppendAsync([Commit("a", 1, tail, $"[{tail}]")], Token));
            accepted = tail + 1;
        }

        List<string> commits = await ReadAsync(_one, "a");
        Assert.Equal(Enumerable.Range(0, (int)accepted).Select(i => $"[{i}]"), commits);

        async Task<long> WriteUntilItFailsAsync(long next, TaskCompletionSource warm)
        {
            try
            {
                for (long begin = next; ; next++)
                {
                    if (next == begin + 20) warm.SetResult();
                    Assert.Equal([AppendResult.Accepted], await _one.AppendAsync([Commit("a", 1, next, $"[{next}]")], Token));
                }
            }
            catch (NpgsqlException)
            {
                return next;
            }
        }
    }

    /// <summary>The first call on a pool of broken connections fails, and clears it.</summary>
    private static async Task<long> TailAsync(PostgreSqlJournal journal)
    {
        try
        {
            return (await ReadAsync(journal, "a")).Count;
        }
        catch (NpgsqlException)
        {
            return (await ReadAsync(journal, "a")).Count;
        }
    }

    /// <summary>A lock is the barrier: the append will ask for it, and cannot have it.</summary>
    private static async Task WaitsForAsync(Task append, NpgsqlConnection owner, NpgsqlDataSource source)
    {
        await using NpgsqlCommand waits = source.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))");
        waits.Parameters.Add(new NpgsqlParameter<int> { TypedValue = owner.ProcessID });
        while ((long)(await waits.ExecuteScalarAsync(Token))! == 0) Assert.False(append.IsCompleted);
    }

    private static async Task<List<string>> ReadAsync(PostgreSqlJournal journal, string id)
    {
        List<string> bodies = [];
        await foreach (JournalCommit commit in journal.ReadAsync(id, cancellationToken: Token)) bodies.Add(Encoding.UTF8.GetString(commit.Body.Span));
        return bodies;
    }

    private static JournalCommit Commit(string id, long epoch, long first, string body) => new(id, epoch, first, 1, Encoding.UTF8.GetBytes(body));

    private static JournalCommit Creation(string id, string owner) =>
        Commit(id, 1, 0, "[1]") with { Creates = new() { Id = id, Workflow = "work/v1", Input = "1", CreatedAt = CreatedAt, Owner = owner, Epoch = 1 } };

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    /// <summary>That an append was tried again does not show in its result; the server says why.</summary>
    private async Task<int> CountDeadlocksAsync() => (await postgres.Server.ReadLogAsync()).Split("deadlock detected").Length - 1;

    private async Task CreateAsync(string[] ids)
    {
        foreach (string id in ids)
            Assert.True((await _one.CreateAsync(new() { Id = id, Workflow = "work/v1", Input = "1", CreatedAt = CreatedAt, Owner = "host", Epoch = 1 }, Token)).Created);
    }
}
