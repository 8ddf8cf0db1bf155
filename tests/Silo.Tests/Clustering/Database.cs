using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService;
using Sheaf.Silo.Clustering;

namespace Sheaf.Silo.Tests.Clustering;

/// <summary>A database of one test, with what the tests of membership ask of it.</summary>
internal sealed class Database(string connectionString) : IAsyncDisposable
{
    public const string Cluster = "tests";

    public NpgsqlDataSource Source { get; } = NpgsqlDataSource.Create(connectionString);

    public string ConnectionString => connectionString;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    public Task EnsureAsync() => MembershipSchema.EnsureAsync(Source, Token);

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using NpgsqlCommand command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>Orleans' own table over these queries, ready to use.</summary>
    public async Task<AdoNetClusteringTable> OrleansTableAsync()
    {
        var table = new AdoNetClusteringTable(
            null!,
            Options.Create(new ClusterOptions { ClusterId = Cluster, ServiceId = Cluster }),
            Options.Create(new AdoNetClusteringSiloOptions { Invariant = "Npgsql", ConnectionString = ConnectionString }),
            NullLogger<AdoNetClusteringTable>.Instance);
        await table.InitializeMembershipTable(true);
        return table;
    }

    /// <summary>A row that says Active, last heard of so long ago by the database's clock; a negative time is in the future.</summary>
    public async Task AddActiveAsync(int port, TimeSpan silence, int generation = 1)
    {
        await using NpgsqlCommand command = Source.CreateCommand(
            """
            WITH cluster AS (INSERT INTO sheaf_cluster (cluster_id) VALUES (@cluster) ON CONFLICT DO NOTHING)
            INSERT INTO sheaf_silo (cluster_id, address, port, generation, silo_name, host_name, status, gateway_port, started_at, alive_at, heard_at)
            VALUES (@cluster, '127.0.0.1', @port, @generation, 'lost', 'lost', 3, 0, now(), now(), now() - @silence)
            """);
        command.Parameters.AddWithValue("cluster", Cluster);
        command.Parameters.AddWithValue("port", port);
        command.Parameters.AddWithValue("generation", generation);
        command.Parameters.AddWithValue("silence", silence);
        await command.ExecuteNonQueryAsync(Token);
    }

    public Task<int> VersionAsync() => ScalarAsync<int>($"SELECT version FROM sheaf_cluster WHERE cluster_id = '{Cluster}'");

    public Task<string> StatusAsync(int port) => ScalarAsync<string>($"SELECT status FROM sheaf_membership WHERE silo LIKE '%:{port}@%'");
}
