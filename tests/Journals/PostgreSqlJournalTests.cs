using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Journals;

/// <summary>What the contract does not say because only this store has it: a schema, a view, plans and people's SQL.</summary>
[Collection("PostgreSQL")]
public sealed class PostgreSqlJournalTests(PostgreSqlFixture postgres) : JournalContract, IAsyncLifetime
{
    private string _schema = "";
    private PostgreSqlJournal? _journal;

    protected override IJournal Journal => _journal!;

    private string Schema => $"\"{_schema}\"";

    public ValueTask InitializeAsync()
    {
        _schema = postgres.Server.NewSchema();
        _journal = new PostgreSqlJournal(postgres.Server.ConnectionString, _schema);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _journal?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Open_AnExistingSchema_HasWhatWasAccepted()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]")], Token);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using (PostgreSqlJournal again = new(source, _schema)) Assert.Equal(Header("a"), await again.FindAsync("a", Token));
        // It is its maker's, and still open.
        await using NpgsqlCommand command = source.CreateCommand("SELECT 1");
        Assert.Equal(1, await command.ExecuteScalarAsync(Token));
    }

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Migrate_EightAtOnce_MigratesOnce()
    {
        PostgreSqlJournal[] journals = [.. Enumerable.Range(0, 8).Select(_ => new PostgreSqlJournal(postgres.Server.ConnectionString, _schema))];
        await Task.WhenAll(journals.Select((journal, i) => i % 2 == 0 ? journal.MigrateAsync(Token) : journal.FindAsync("a", Token)));
        Assert.Equal(1L, await ScalarAsync($"SELECT count(*) FROM {Schema}.sheaf_schema"));
        foreach (PostgreSqlJournal journal in journals) await journal.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Migrate_ANewerSchema_SaysSo()
    {
        await _journal!.MigrateAsync(Token);
        await ScalarAsync($"UPDATE {Schema}.sheaf_schema SET version = 99");
        await using PostgreSqlJournal older = new(postgres.Server.ConnectionString, _schema);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => older.FindAsync("a", Token));
        Assert.Contains("99", error.Message, StringComparison.Ordinal);
        Assert.Contains(_schema, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Migrate_ASchemaOfTheVersionBefore_KeepsWhatItHasAndItsSilosRunOn()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlConnection older = await source.OpenConnectionAsync(Token);
        using StreamReader script = new(typeof(PostgreSqlJournal).Assembly.GetManifestResourceStream("1.sql")!);
        await RunAsync($"CREATE SCHEMA {Schema}; SET search_path = {Schema}, pg_temp; CREATE TABLE sheaf_schema (version integer NOT NULL); INSERT INTO sheaf_schema VALUES (1)");
        await RunAsync(await script.ReadToEndAsync(Token));
        Assert.Equal(0, (await AppendAsync(0, true)).Single());
        Assert.Equal((short)0, await RunAsync("SELECT sheaf_append_one('a', 1, 1, 1, '[2]', NULL, NULL)"));
        Assert.Equal(1L, await RunAsync("SELECT count(*) FROM sheaf_claim_abandoned(ARRAY['live'], 'live', 10)"));

        // A silo of this version comes, and those of the other are still there, with what they know of the tables.
        WorkflowHeader there = (await Journal.FindAsync("a", Token))!;
        Assert.Equal(("live", 2L, null), (there.Owner!, there.Epoch, there.WakesAt));
        Assert.Equal(2, (await ReadAsync("a")).Count);
        await Journal.AppendAsync([Wakes("a", 2, 2, DateTimeOffset.MaxValue)], Token);
        Assert.Equal(1L, await RunAsync("SELECT count(*) FROM sheaf_claim_abandoned(ARRAY['other'], 'other', 10)"));
        Assert.Equal(DateTimeOffset.MaxValue, (await Journal.FindAsync("a", Token))!.WakesAt);
        Assert.Equal((short)0, await RunAsync("SELECT sheaf_append_one('a', 3, 2, 1, '[3]', NULL, NULL)"));
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);
        await Journal.AppendAsync([Wakes("a", 3, 3, DateTimeOffset.MaxValue)], Token);
        Assert.Equal(0, (await AppendAsync(3, false)).Single());
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);

        async Task<short[]> AppendAsync(int first, bool creates) => (short[])(await RunAsync(
            $"SELECT sheaf_append(ARRAY['a'], {(creates ? "ARRAY['a'], ARRAY['work/v1'], ARRAY['1'], ARRAY[0::bigint], ARRAY['dead']" : "'{}', '{}', '{}', '{}', '{}'")}, "
            + $"ARRAY[1], ARRAY[{creates}], ARRAY[{(creates ? 1 : 3)}::bigint], ARRAY[{first}::bigint], ARRAY[1], ARRAY['[1]'], ARRAY[NULL::smallint], ARRAY[NULL::bigint])"))!;

        async Task<object?> RunAsync(string sql)
        {
            await using NpgsqlCommand command = new(sql, older);
            return await command.ExecuteScalarAsync(Token);
        }
    }

    [Fact]
    public async Task Migrate_ServerNotThere_IsTriedAtEachCall()
    {
        await using NpgsqlDataSource nobody = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=x");
        await using PostgreSqlJournal journal = new(nobody);
        await Assert.ThrowsAsync<NpgsqlException>(() => journal.MigrateAsync(Token));
        await Assert.ThrowsAsync<NpgsqlException>(() => journal.FindAsync("a", Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void Open_ASchemaThatCannotBe_IsRefused(string schema) =>
        Assert.Throws<ArgumentException>(() => new PostgreSqlJournal("Host=127.0.0.1", schema));

    [Fact]
    public async Task Schemas_WithJournalsInThem_KnowNothingOfEachOther()
    {
        await using PostgreSqlJournal other = new(postgres.Server.ConnectionString, "Other \"quoted\" schema");
        await Journal.CreateAsync(Header("a"), Token);
        Assert.True((await other.CreateAsync(Header("a"), Token)).Created);
    }

    [Fact]
    [Trait("Rule", "D6")]
    public async Task Entries_ForPeople_AreRowsOfAView()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 2, """[{"$":"started"},{"$":"start","name":"x"}]""")], Token);
        // Text that neither jsonb nor ->> can take.
        await Journal.AppendAsync([Commit("a", 1, 2, 3, """[{"$":"end","text":"a\u0000b"},{"$":"end","text":"\ud800"},7]""")], Token);
        Assert.Equal(
            """a 0 started {"$":"started"};a 1 start {"$":"start","name":"x"};a 2 end {"$":"end","text":"a\u0000b"};a 3 end {"$":"end","text":"\ud800"};a 4 - 7""",
            await ScalarAsync($"SELECT string_agg(workflow_id || ' ' || sequence || ' ' || coalesce(kind, '-') || ' ' || entry, ';' ORDER BY sequence) FROM {Schema}.sheaf_entry"));
    }

    [Fact]
    public async Task Headers_ForPeople_AreRowsOfAView()
    {
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { Creates = Header("a"), EndsAs = WorkflowStatus.Cancelled, EndedAt = Header("a").CreatedAt.AddHours(1) }], Token);
        Assert.Equal(
            "a work/v1 cancelled 1 2026-02-03 04:05:06.789012+00 2026-02-03 05:05:06.789012+00",
            await ScalarAsync($"SET TimeZone = 'UTC'; SELECT concat_ws(' ', workflow_id, workflow, status, owner, entries, created_at, ended_at) FROM {Schema}.sheaf_header"));
    }

    [Fact]
    public async Task Read_OfALongJournalLeftEarly_GivesTheConnectionBack()
    {
        // 100,000 entries, 100 MB.
        await Journal.CreateAsync(Header("a"), Token);
        await ScalarAsync(
            $"""
            INSERT INTO {Schema}.sheaf_commit
            SELECT w.number, i * 100, 100, '["' || repeat('x', 100000) || '"' || repeat(',1', 99) || ']' FROM {Schema}.sheaf_workflow w, generate_series(0, 999) i
            """);
        await ScalarAsync($"UPDATE {Schema}.sheaf_workflow SET next_sequence = 100000");
        await using PostgreSqlJournal narrow = new($"{postgres.Server.ConnectionString};Maximum Pool Size=1", _schema);
        for (int i = 0; i < 20; i++)
        {
            await foreach (JournalCommit commit in narrow.ReadAsync("a", 50 * i, Token))
            {
                Assert.Equal(50 * i / 100 * 100, commit.FirstSequence);
                break;
            }

            Assert.Equal([AppendResult.Accepted], await narrow.AppendAsync([Commit("a", 1, 100_000 + i, 1, "[1]")], Token));
        }

        int entries = 0;
        await foreach (JournalCommit commit in narrow.ReadAsync("a", cancellationToken: Token)) entries += commit.Count;
        Assert.Equal(100_020, entries);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task ClaimAbandoned_ManyOfALiveOwner_ReadsOnlyAFewPages()
    {
        await _journal!.MigrateAsync(Token);
        await ScalarAsync(
            $"""
            INSERT INTO {Schema}.sheaf_workflow (id, workflow, input, created_at, owner, epoch, status)
            SELECT 'w' || i, 'work/v1', '1', 0, CASE WHEN i % 10000 = 0 THEN CASE WHEN i % 20000 = 0 THEN 'dead' END ELSE 'live' END, 1, 0 FROM generate_series(1, 100000) i
            """);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(Token);
        string explain = $"EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM {Schema}.sheaf_claim_abandoned(ARRAY['live'], 'me', 1000)";
        // The first call of a connection also reads the catalog.
        await PagesInPlanAsync(connection, explain);
        // The table has over a thousand pages.
        Assert.InRange(await PagesInPlanAsync(connection, explain), 1, 300);
        IReadOnlyList<WorkflowHeader> claimed = await Journal.ClaimAbandonedAsync(["live"], "me", 1000, Token);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"w{i * 10000}"), claimed.Select(header => header.Id.Value));
    }

    [Fact]
    [Trait("Rule", "D1")]
    public Task Workflow_HostStoppedInTheMiddle_GoesOnInAnotherProcessImage() => TwoParts.StopAndGoOnAsync(builder => builder.UsePostgreSqlJournal(postgres.Server.ConnectionString, _schema).UseEmbedded(), Token);

    private static async Task<int> PagesInPlanAsync(NpgsqlConnection connection, string explain)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(Token);
        await using NpgsqlCommand command = new(explain, connection);
        List<string> plan = [];
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token))
        {
            while (await reader.ReadAsync(Token)) plan.Add(reader.GetString(0));
        }

        await transaction.RollbackAsync(Token);
        // "Buffers: shared hit=79 read=2"
        string buffers = plan.First(line => line.Contains("Buffers:", StringComparison.Ordinal));
        return Regex.Matches(buffers, "(hit|read)=(?<pages>[0-9]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Sum(match => int.Parse(match.Groups["pages"].Value, CultureInfo.InvariantCulture));
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }
}
