using Sheaf.PostgreSql;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]
