using Npgsql;

namespace Sheaf.Silo.Clustering;

/// <summary>Finds the rows that a lost cluster has left, and declares them dead.</summary>
/// <remarks>
/// Why: a silo that joins has to reach every row that says Active, and nobody is left to vote those rows out. Orleans gives
/// up after five minutes if the rows were fresh when it began. Silos with new addresses, such as new containers, do not
/// replace the old ones either. <para/>
/// What counts as provably dead needs all of this (docs/decisions/0007-who-is-provably-dead.md):
/// <list type="number">
/// <item><b>The whole cluster is silent</b>, by the database's clock: no row that says Active has been heard of for
/// <c>silenceBound</c>. One silo that is heard of can vote; then Orleans' own detection decides, and this class does nothing.
/// Time in which the database was not up does not count: nobody could be heard.</item>
/// <item><b>Nothing answers</b> at the silo's endpoint. Heartbeats alone prove nothing:
/// a silo may be cut off from the database, or its heartbeat may be backing off after an outage, and still serve.</item>
/// <item>Neither has changed when the row is written, under the advisory lock and the lock of the cluster's version.</item>
/// </list>
/// A silo that is judged wrongly all the same, cut off from the database and from whoever asks, loses what it would lose by the
/// votes of silos that cannot reach it: it finds its row dead and ends its process. Nothing it writes later counts, as the journal fences it.
/// Rows are never deleted here: a row that says Dead is what the others must learn.
/// </remarks>
internal sealed class LostSilos(NpgsqlDataSource database, string clusterId, TimeSpan silenceBound, TimeSpan probeTimeout, TimeProvider time)
{
    /// <summary>By the database's clock: for how long nothing was heard, not counting time before the database started.</summary>
    private const string Silence = "clock_timestamp() - greatest(heard_at, pg_postmaster_start_time())";

    /// <summary>Finds what is provably dead now, and declares it.</summary>
    /// <returns>Those that are dead by this call. Safe to repeat, and to call from several silos at once.</returns>
    /// <exception cref="NpgsqlException">The database cannot be asked; nothing was declared.</exception>
    public async Task<IReadOnlyList<SilentSilo>> ClearAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SilentSilo> silent = await FindAsync(cancellationToken).ConfigureAwait(false);
        if (silent.Count == 0) return [];
        bool[] answers = await Task.WhenAll(silent.Select(silo => silo.AnswersAsync(probeTimeout, time, cancellationToken))).ConfigureAwait(false);
        SilentSilo[] provable = [.. silent.Where((_, index) => !answers[index])];
        return provable.Length == 0 ? [] : await DeclareDeadAsync(provable, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All rows that say Active if every one of them is silent; else none.</summary>
    public async Task<IReadOnlyList<SilentSilo>> FindAsync(CancellationToken cancellationToken)
    {
        NpgsqlCommand command = database.CreateCommand(
            $"""
            SELECT address, port, generation, heard_at FROM sheaf_silo WHERE cluster_id = @cluster AND status = 3
            AND NOT EXISTS (SELECT FROM sheaf_silo WHERE cluster_id = @cluster AND status = 3 AND {Silence} <= @bound)
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue("cluster", clusterId);
            command.Parameters.AddWithValue("bound", silenceBound);
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var silent = new List<SilentSilo>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    silent.Add(new SilentSilo(reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetDateTime(3)));
                return silent;
            }
        }
    }

    /// <summary>Declares silos dead of which nothing was heard since, unless any silo of the cluster has been heard of in the meantime.</summary>
    public async Task<IReadOnlyList<SilentSilo>> DeclareDeadAsync(IReadOnlyList<SilentSilo> silos, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await MembershipSchema.LockAsync(connection, cancellationToken).ConfigureAwait(false);
                var dead = new List<SilentSilo>();
                // The version first, as every change of membership: see MembershipQueries.
                await ExecuteAsync(connection, "SELECT FROM sheaf_cluster WHERE cluster_id = @cluster FOR UPDATE", null, cancellationToken).ConfigureAwait(false);
                if (!await AnyHeardAsync(connection, cancellationToken).ConfigureAwait(false))
                {
                    foreach (SilentSilo silo in silos)
                    {
                        if (await ExecuteAsync(connection, DeclareDead, silo, cancellationToken).ConfigureAwait(false) == 1) dead.Add(silo);
                    }
                }

                if (dead.Count > 0)
                    await ExecuteAsync(connection, "UPDATE sheaf_cluster SET version = version + 1 WHERE cluster_id = @cluster", null, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return dead;
            }
        }
    }

    private const string DeclareDead =
        """
        UPDATE sheaf_silo SET status = 6
        WHERE cluster_id = @cluster AND address = @address AND port = @port AND generation = @generation AND status = 3 AND heard_at = @heard
        """;

    private async Task<bool> AnyHeardAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using var command = new NpgsqlCommand(
            $"SELECT EXISTS (SELECT FROM sheaf_silo WHERE cluster_id = @cluster AND status = 3 AND {Silence} <= @bound)", connection);
        command.Parameters.AddWithValue("cluster", clusterId);
        command.Parameters.AddWithValue("bound", silenceBound);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private async Task<int> ExecuteAsync(NpgsqlConnection connection, string text, SilentSilo? silo, CancellationToken cancellationToken)
    {
        // The texts are this class's own constants.
#pragma warning disable CA2100
        using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        command.Parameters.AddWithValue("cluster", clusterId);
        if (silo is not null)
        {
            command.Parameters.AddWithValue("address", silo.Address);
            command.Parameters.AddWithValue("port", silo.Port);
            command.Parameters.AddWithValue("generation", silo.Generation);
            command.Parameters.AddWithValue("heard", silo.HeardAt);
        }

        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
