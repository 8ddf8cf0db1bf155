using Npgsql;
using Sheaf.Journal;
using Sheaf.Silo.Health;

namespace Sheaf.Silo.Clustering;

/// <summary>
/// The database in a silo's life: before anything else starts, it gets its tables, for membership and the journal, or the start fails; while
/// the silo joins, rows of a lost cluster are declared dead. A schema in which another cluster lives is refused.
/// </summary>
/// <remarks>Runs at the very first stage, where a failure ends the start at once: later stages first try to say goodbye in the table.</remarks>
internal sealed class ClusterDatabase(
    NpgsqlDataSource database,
    OtherClusters others,
    LostSiloWatch watch,
    ILocalSiloDetails silo,
    StartState state,
    TimeProvider time,
    ILogger<ClusterDatabase> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>How long a database is waited for that cannot be reached. Then the start fails, and a supervisor may try again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Of the messages that it cannot be reached.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer)
    {
        // Null until the start has begun to watch; the stop waits for its end.
        Task? watching = null;
        var stopping = new CancellationTokenSource();
        observer.Subscribe(nameof(ClusterDatabase), ServiceLifecycleStage.First, StartAsync, StopAsync);
        // The silo's own row is there, and nothing has been done that a workflow could notice.
        observer.Subscribe(nameof(OtherClusters), ServiceLifecycleStage.ApplicationServices, cancellationToken => others.RefuseAsync(silo.SiloAddress, cancellationToken));

        async Task StartAsync(CancellationToken cancellationToken)
        {
            await PrepareAsync(cancellationToken).ConfigureAwait(false);
            watching = Task.Run(() => watch.RunAsync(stopping.Token), cancellationToken);
        }

        async Task StopAsync(CancellationToken cancellationToken)
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            if (watching is not null) await watching.ConfigureAwait(false);
            stopping.Dispose();
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        string name = Describe();
        long started = time.GetTimestamp();
        // Null until it has been told that the database cannot be reached.
        long? told = null;
        state.WaitsFor = name;
        while (true)
        {
            try
            {
                await MembershipSchema.EnsureAsync(database, cancellationToken).ConfigureAwait(false);
                // Before the journal is migrated, which would be the other's.
                await others.RefuseAsync(cancellationToken).ConfigureAwait(false);
                // Not at its first use: a silo that cannot use the journal, since it is of a newer version for instance, must not join.
                using PostgreSqlJournal journal = new(database);
                await journal.MigrateAsync(cancellationToken).ConfigureAwait(false);
                state.WaitsFor = null;
                return;
            }
            catch (NpgsqlException error) when (error.IsTransient)
            {
                TimeSpan waited = time.GetElapsedTime(started);
                if (waited >= Patience)
                {
                    throw new InvalidOperationException(
                        $"{char.ToUpperInvariant(name[0])}{name[1..]} could not be reached for {waited.TotalSeconds:0} s: {error.Message}. "
                        + "Start it, or correct the connection string.",
                        error);
                }

                state.WaitsFor = $"{name}: {error.Message}";
                if (told is null || time.GetElapsedTime(told.Value) >= Quiet)
                {
                    told = time.GetTimestamp();
                    ClusteringLog.DatabaseNotReachable(logger, name, error.Message, Patience);
                }
            }

            await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Which database, and the setting that says so; the data source has no password to give away.</summary>
    private string Describe()
    {
        var parts = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        return $"the database '{parts.Database ?? parts.Username}' at '{parts.Host}', port {parts.Port} (ConnectionStrings:Sheaf)";
    }
}
