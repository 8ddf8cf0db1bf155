using Sheaf.Journal;
using Sheaf.PublicSurface;

namespace Sheaf.Journals;

public sealed class PublicApiTests
{
    [Fact]
    public void JournalSqlite_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(SqliteJournal).Assembly, "src/Journal.Sqlite");

    [Fact]
    public void JournalPostgreSql_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(PostgreSqlJournal).Assembly, "src/Journal.PostgreSql");
}
