using Npgsql;

namespace Sheaf.Silo.Clustering;

/// <summary>Keeps a cluster out of a schema in which another one lives: the journal is there too, and each would take the other's workflows.</summary>
/// <remarks>
/// It is asked twice: before a silo does anything, and when its own row is there and it is not Active yet. Of two silos of different
/// clusters that start at once, at least the one that asks later finds the row of the other; both may, and then neither starts. <para/>
/// What it cannot see is a silo whose heartbeats have not arrived for <see cref="Bound"/> and that lives all the same, as after an
/// outage of the database. <para/>
/// Rows of a lost cluster with another id are nobody's to declare dead, and do not matter once they are silent for that long.
/// </remarks>
internal sealed class OtherClusters(NpgsqlDataSource database, string clusterId)
{
    /// <summary>By the database's clock: for how long a silo counts as living from its last heartbeat; one is due every 5 s.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    /// <summary>The same once this silo has a row, which is declared dead if it is refused: it would keep silos of the other cluster out.</summary>
    /// <exception cref="InvalidOperationException">There is one; the message names it, and the remedies.</exception>
    /// <exception cref="NpgsqlException">The database cannot be asked.</exception>
    public async Task RefuseAsync(SiloAddress own, CancellationToken cancellationToken)
    {
        try
        {
            await RefuseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // The version first, as every change of membership: see MembershipQueries.
            NpgsqlCommand command = database.CreateCommand(
                """
                WITH turned AS (UPDATE sheaf_cluster SET version = version + 1 WHERE cluster_id = @cluster RETURNING 1)
                UPDATE sheaf_silo SET status = 6 FROM turned
                WHERE cluster_id = @cluster AND address = @address AND port = @port AND generation = @generation
                """);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.AddWithValue("cluster", clusterId);
                command.Parameters.AddWithValue("address", own.Endpoint.Address.ToString());
                command.Parameters.AddWithValue("port", own.Endpoint.Port);
                command.Parameters.AddWithValue("generation", own.Generation);
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Looks for silos of other clusters that are not Dead, nor silent.</summary>
    /// <exception cref="InvalidOperationException">There is one; the message names it, and the remedies.</exception>
    /// <exception cref="NpgsqlException">The database cannot be asked.</exception>
    public async Task RefuseAsync(CancellationToken cancellationToken)
    {
        NpgsqlCommand command = database.CreateCommand(
            """
            SELECT cluster_id, silo_name, address || ':' || port || '@' || generation, current_schema()::text, current_database()::text
            FROM sheaf_silo WHERE cluster_id <> @cluster AND status <> 6 AND clock_timestamp() - heard_at <= @bound
            ORDER BY heard_at DESC LIMIT 1
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue("cluster", clusterId);
            command.Parameters.AddWithValue("bound", Bound);
            NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (row.ConfigureAwait(false))
            {
                if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false)) return;
                (string other, string name, string silo, string schema, string where) =
                    (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4));
                throw new InvalidOperationException(
                    $"The schema '{schema}' of database '{where}' is used by the cluster '{other}', of which the silo {name} ({silo}) lives, and this silo's Sheaf:ClusterId is '{clusterId}'. "
                    + $"To join that cluster, set Sheaf:ClusterId to '{other}'. To run beside it, give this cluster a schema of its own: 'Search Path=…' in ConnectionStrings:Sheaf, of its clients too. "
                    + $"To replace it, stop its silos first; one that was killed counts for {Bound.TotalSeconds:0} s.");
            }
        }
    }
}
