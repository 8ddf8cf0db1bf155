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
    [Trait("Rule", "D5")]
    public void OpenForOneHost_WhileAnotherHasIt_IsRefusedAndSaysWhatToDo()
    {
        string journal = Path.Combine(Directory.CreateTempSubdirectory("sheaf-lock").FullName, "one.db");
        try
        {
            using (SqliteJournal.OpenForOneHost($"Data Source={journal};Pooling=False"))
            {
                string refused = Assert.Throws<InvalidOperationException>(() => SqliteJournal.OpenForOneHost($"Data Source={Path.GetRelativePath(Environment.CurrentDirectory, journal)};Pooling=False")).Message;
                Assert.StartsWith($"The journal '{journal}' belongs to a host that runs: another process, or another one of this process, has locked '{journal}.lock'.", refused, StringComparison.Ordinal);
                // Who only looks may.
                using SqliteJournal beside = new($"Data Source={journal};Pooling=False");
            }

            using SqliteJournal next = SqliteJournal.OpenForOneHost($"Data Source={journal};Pooling=False");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(journal)!, recursive: true);
        }
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

    [Fact]
    [Trait("Rule", "D9")]
    public async Task Open_AFileOfTheVersionBefore_KeepsWhatItHas()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]")], Token);
        using (SqliteConnection connection = new(ConnectionString))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE sheaf_workflow DROP COLUMN wakes_at; PRAGMA user_version = 2";
            command.ExecuteNonQuery();
        }

        using SqliteJournal again = new(ConnectionString);
        Assert.Equal(Header("a"), await again.FindAsync("a", Token));
        Assert.Equal([AppendResult.Accepted], await again.AppendAsync([Wakes("a", 1, 1, DateTimeOffset.MaxValue)], Token));
        Assert.Equal(Header("a") with { WakesAt = DateTimeOffset.MaxValue }, await again.FindAsync("a", Token));
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
    public void Open_InAFolderThatIsNotThere_NamesTheFile()
    {
        string file = Path.Combine(_folder, "gone", "sheaf.db");
        IOException error = Assert.Throws<IOException>(() => new SqliteJournal($"Data Source={file}"));
        Assert.Contains($"'{file}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        Assert.IsType<SqliteException>(error.InnerException);
        // The whole path also where it is given as a part.
        error = Assert.Throws<IOException>(() => new SqliteJournal("Data Source=no-such-folder/sheaf.db"));
        Assert.Contains($"'{Path.GetFullPath("no-such-folder/sheaf.db")}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AFolder_NamesIt() =>
        Assert.Contains($"'{_folder}'", Assert.Throws<IOException>(() => new SqliteJournal($"Data Source={_folder}")).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_AFileThatIsNotThereAndMayNotBeMade_NamesIt()
    {
        string file = Path.Combine(_folder, "missing.db");
        Assert.Contains($"'{file}'", Assert.Throws<IOException>(() => new SqliteJournal($"Data Source={file};Mode=ReadWrite")).Message, StringComparison.Ordinal);
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
    public Task Workflow_HostStoppedInTheMiddle_GoesOnInAnotherProcessImage() => TwoParts.StopAndGoOnAsync(builder => builder.UseEmbedded(ConnectionString), Token);
}
