using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Journals;

/// <summary>Where the journal lies if nobody names a schema: where the connection's search path says.</summary>
[Collection("PostgreSQL")]
public sealed class PostgreSqlSearchPathTests(PostgreSqlFixture postgres)
{
    private const string Tables = "SELECT string_agg(schemaname, ' ' ORDER BY schemaname) FROM pg_tables WHERE tablename = 'sheaf_workflow'";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Rule", "D9")]
    public async Task SearchPath_TwoJournalsSideBySide_KnowNothingOfEachOther()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await database.ExecuteAsync("CREATE SCHEMA blue; CREATE SCHEMA \"Green one\"");
        await using PostgreSqlJournal blue = new($"{database.ConnectionString};Search Path=blue");
        await using PostgreSqlJournal green = new($"{database.ConnectionString};Search Path=\"\"\"Green one\"\",public\"");
        // Four processes at once: two of each.
        await using PostgreSqlJournal blueToo = new(database.ConnectionString, "blue");
        await using PostgreSqlJournal greenToo = new($"{database.ConnectionString};Search Path=\"\"\"Green one\"\"\"");
        await Task.WhenAll(blue.MigrateAsync(Token), green.MigrateAsync(Token), blueToo.MigrateAsync(Token), greenToo.MigrateAsync(Token));
        Assert.Equal("Green one blue", await database.ScalarAsync(Tables));

        await Task.WhenAll(((PostgreSqlJournal[])[blue, green]).Select((journal, i) => Task.Run(async () =>
        {
            // One at a time and several take different ways: a statement, and a function with a path of its own.
            Assert.Equal([AppendResult.Accepted], await journal.AppendAsync([TestDatabase.Creation("a", $"{i}")], Token));
            Assert.Equal([AppendResult.Accepted, AppendResult.Accepted], await journal.AppendAsync([TestDatabase.Commit("a", 1, $"[{i}]"), TestDatabase.Creation("b", $"{i}")], Token));
            for (int next = 2; next < 100; next++)
                Assert.Equal([AppendResult.Accepted], await journal.AppendAsync([TestDatabase.Commit("a", next, $"[{i}]")], Token));
        })));
        Assert.Equal("0", (await blueToo.FindAsync("a", Token))!.Owner);
        Assert.Equal("1", (await greenToo.FindAsync("a", Token))!.Owner);
        // What the other has is not abandoned: it is not seen.
        Assert.Equal(["a", "b"], (await blueToo.ClaimAbandonedAsync([], "2", 10, Token)).Select(header => header.Id.Value));
        Assert.Equal([AppendResult.Accepted], await green.AppendAsync([TestDatabase.Commit("a", 100, "[1]")], Token));
        Assert.Equal([AppendResult.Stale], await blue.AppendAsync([TestDatabase.Commit("a", 100, "[0]")], Token));
        // Views for people, too.
        Assert.Equal("2 1", await database.ScalarAsync("SELECT concat_ws(' ', (SELECT owner FROM blue.sheaf_header WHERE workflow_id = 'a'), (SELECT owner FROM \"Green one\".sheaf_header WHERE workflow_id = 'a'))"));
    }

    [Theory]
    // As it has always been: a schema of the user's name does not count, which may come at any time.
    [InlineData("CREATE SCHEMA sheaf", "", "public")]
    [InlineData("SELECT 1", ";Search Path=public", "public")]
    [InlineData("CREATE SCHEMA blue", ";Search Path=\"gone, blue, public\"", "blue")]
    [InlineData("CREATE SCHEMA sheaf", ";Search Path=\"\"\"$user\"\"\"", "sheaf")]
    // That of the role or the database is one, too.
    [InlineData("CREATE SCHEMA blue; DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET search_path = blue'; END $$", "", "blue")]
    public async Task SearchPath_ASchemaOfItThatExists_HasTheJournal(string before, string more, string schema)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await database.ExecuteAsync(before);
        await using PostgreSqlJournal journal = new(database.ConnectionString + more);
        await journal.MigrateAsync(Token);
        Assert.Equal(schema, await database.ScalarAsync(Tables));
    }

    [Fact]
    public async Task SearchPath_OfNoSchemaThatExists_SaysSo()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await using PostgreSqlJournal journal = new($"{database.ConnectionString};Search Path=blue");
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => journal.FindAsync("a", Token));
        Assert.Contains("'blue'", error.Message, StringComparison.Ordinal);
        Assert.Contains("CREATE SCHEMA", error.Message, StringComparison.Ordinal);
        // Once it is there, it goes on.
        await database.ExecuteAsync("CREATE SCHEMA blue");
        Assert.Null(await journal.FindAsync("a", Token));
        Assert.Equal("blue", await database.ScalarAsync(Tables));
    }

    [Theory]
    // What the connection string says and what is there, with the same first schema: nobody is led astray.
    [InlineData("public", "\"$user\", public", "public")]
    [InlineData("blue", "\"blue\", public", "blue")]
    [InlineData("blue", "\"$user\", public", null)]
    [InlineData("\"blue\", public", "public", null)]
    public async Task SearchPath_ThatAPoolerHasDropped_IsNoticed(string asked, string there, string? schema)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(postgres.Server);
        await database.ExecuteAsync("CREATE SCHEMA blue");
        NpgsqlDataSourceBuilder builder = new(database.ConnectionString) { ConnectionStringBuilder = { SearchPath = asked, NoResetOnClose = true } };
        builder.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException(), async connection =>
        {
            await using NpgsqlCommand command = new($"SET search_path = {there}", connection);
            await command.ExecuteNonQueryAsync(Token);
        });
        await using NpgsqlDataSource source = builder.Build();
        await using PostgreSqlJournal journal = new(source);
        if (schema is null)
        {
            InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => journal.MigrateAsync(Token));
            Assert.Contains($"'{asked}'", error.Message, StringComparison.Ordinal);
            Assert.Contains("ALTER ROLE", error.Message, StringComparison.Ordinal);
            Assert.Equal(DBNull.Value, await database.ScalarAsync(Tables));
            return;
        }

        await journal.MigrateAsync(Token);
        Assert.Equal(schema, await database.ScalarAsync(Tables));
    }
}
