using Sheaf.PostgreSql;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]
// Some tests measure how long three processes take; beside others they would measure those.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
