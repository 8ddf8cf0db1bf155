using Sheaf.Client.Tests;
using Sheaf.PostgreSql;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]
[assembly: AssemblyFixture(typeof(SharedSilos))]
// Every test is several processes already.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
