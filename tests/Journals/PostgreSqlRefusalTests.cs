using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Journals;

/// <summary>What a server refuses until somebody changes something: the error says what, or the next attempt succeeds.</summary>
[Collection("PostgreSQL")]
public sealed class PostgreSqlRefusalTests(PostgreSqlFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Append_OnSessionsThatAreReadOnly_SucceedsOnceNewOnesAreNot()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await using PostgreSqlJournal journal = new(database.ConnectionString);
        await journal.AppendAsync([TestDatabase.Creation("a", "host")], Token);
        string name = (string)(await database.ScalarAsync("SELECT current_database()::text"))!;
        await using NpgsqlDataSource admin = NpgsqlDataSource.Create(postgres.Server.ConnectionString);
        await AdminAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await using PostgreSqlJournal later = new(database.ConnectionString);
        // Sessions that stay what they are, as those on a server that has become a standby.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => later.FindAsync("a", Token)));
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await AppendAsync()).SqlState);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => later.FindAsync("a", Token)));
        await AdminAsync($"ALTER DATABASE {name} RESET default_transaction_read_only");
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await AppendAsync()).SqlState);
        Assert.Equal([AppendResult.Accepted], await later.AppendAsync([TestDatabase.Commit("a", 1, "[2]")], Token));

        Task<PostgresException> AppendAsync() => Assert.ThrowsAsync<PostgresException>(() => later.AppendAsync([TestDatabase.Commit("a", 1, "[2]")], Token));

        async Task AdminAsync(string sql)
        {
            await using NpgsqlCommand command = admin.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Token);
        }
    }

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Migrate_OnSessionsThatAreReadOnly_SucceedsOnceNewOnesAreNot()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        bool readOnly = true;
        NpgsqlDataSourceBuilder builder = new(database.ConnectionString);
        builder.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException(), connection => readOnly ? RunAsync(connection, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY") : Task.CompletedTask);
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        await using NpgsqlDataSource source = builder.Build();
        await using PostgreSqlJournal journal = new(source);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => journal.MigrateAsync(Token))).SqlState);
        readOnly = false;
        await journal.MigrateAsync(Token);
    }

    [Theory]
    [Trait("Rule", "D9")]
    [InlineData("public")]
    [InlineData("Its own")]
    public async Task Role_WithoutRightsToMakeTables_IsToldWhatItNeedsAndThatIsEnough(string schema)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        string role = $"app of {schema}";
        await database.ExecuteAsync($"CREATE ROLE \"{role}\" LOGIN");
        string connectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role }.ToString();
        await using PostgreSqlJournal journal = new(connectionString, schema);
        string message = await RefusedAsync(() => journal.FindAsync("a", Token));
        Assert.Contains($"'{role}'", message, StringComparison.Ordinal);
        Assert.Contains($"'{schema}'", message, StringComparison.Ordinal);
        Assert.Contains("MigrateAsync", message, StringComparison.Ordinal);

        await using (PostgreSqlJournal owner = new(database.ConnectionString, schema)) await owner.MigrateAsync(Token);
        // With the tables there, it says the same of what is left to do.
        message = await RefusedAsync(() => journal.FindAsync("a", Token));
        await database.ExecuteAsync(message[message.IndexOf("GRANT", StringComparison.Ordinal)..]);

        await journal.AppendAsync([TestDatabase.Creation("a", "host")], Token);
        await journal.AppendAsync([TestDatabase.Commit("a", 1, "[1]")], Token);
        Assert.All(await journal.AppendAsync([TestDatabase.Commit("a", 2, "[1]"), TestDatabase.Creation("b", "host"), TestDatabase.Creation("c", "host")], Token), result => Assert.Equal(AppendResult.Accepted, result));
        Assert.Equal(3, (await journal.FindOwnedAsync("host", DateTimeOffset.MaxValue, Token)).Count);
        await foreach (JournalCommit commit in journal.ReadAsync("a", 0, Token)) Assert.Equal(1, commit.Count);
        await foreach (WorkflowHeader header in journal.ListAsync(WorkflowStatus.Running, Token)) Assert.Equal("host", header.Owner);
        await journal.TrimAsync("a", 1, Token);
        Assert.NotNull(await journal.ClaimAsync("a", "other", Token));
        Assert.Equal(3, (await journal.ClaimAbandonedAsync([], "third", 10, Token)).Count);
        Assert.Equal(3, await journal.ReleaseAsync("third", Token));
        await database.ExecuteAsync($"UPDATE \"{schema}\".sheaf_workflow SET status = 1, ended_at = 0");
        Assert.Equal(3, await journal.PurgeAsync(DateTimeOffset.MaxValue, 10, Token));

        // One that is forgotten is named, with the same remedy.
        await database.ExecuteAsync($"REVOKE ALL ON SEQUENCE \"{schema}\".sheaf_workflow_number_seq FROM \"{role}\"");
        message = await RefusedAsync(() => journal.AppendAsync([TestDatabase.Creation("d", "host"), TestDatabase.Creation("e", "host")], Token));
        Assert.Contains("sequence sheaf_workflow_number_seq", message, StringComparison.Ordinal);
        Assert.Contains("GRANT", message, StringComparison.Ordinal);

        static async Task<string> RefusedAsync(Func<Task> ask)
        {
            PostgresException error = await Assert.ThrowsAsync<PostgresException>(ask);
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
            return error.Message;
        }
    }

    [Fact]
    public async Task Statements_PreparedByAnother_NameTheSetting()
    {
        // A pooler gives one session of the server to several clients, each of which counts its statements from 1.
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        NpgsqlDataSourceBuilder builder = new($"{database.ConnectionString};Max Auto Prepare=20;Auto Prepare Min Usages=1;No Reset On Close=true;Maximum Pool Size=1");
        builder.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException(), connection => RunAsync(connection, "PREPARE _auto1 AS SELECT 1"));
        await using NpgsqlDataSource source = builder.Build();
        await using PostgreSqlJournal journal = new(source);
        PostgresException error = await Assert.ThrowsAsync<PostgresException>(() => journal.FindAsync("a", Token));
        Assert.Equal(PostgresErrorCodes.DuplicatePreparedStatement, error.SqlState);
        Assert.Contains("Max Auto Prepare=0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statements_PreparedOnAnotherSession_NameTheSetting()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create($"{database.ConnectionString};Max Auto Prepare=20;Auto Prepare Min Usages=1;No Reset On Close=true;Maximum Pool Size=1");
        await using PostgreSqlJournal journal = new(source);
        await journal.FindAsync("a", Token);
        await using (NpgsqlConnection connection = await source.OpenConnectionAsync(Token)) await RunAsync(connection, "DEALLOCATE ALL");
        PostgresException error = await Assert.ThrowsAsync<PostgresException>(() => journal.FindAsync("a", Token));
        Assert.Equal(PostgresErrorCodes.InvalidSqlStatementName, error.SqlState);
        Assert.Contains("Max Auto Prepare=0", error.Message, StringComparison.Ordinal);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
