namespace Sheaf.Silo.Clustering;

/// <summary>
/// The statements that Orleans' ADO.NET provider reads from the table <c>OrleansQuery</c>: it brings no SQL of its own.
/// </summary>
/// <remarks>
/// The keys, the parameters and the column names of the results are the provider's; the rest is ours. The rules it relies on:
/// <list type="bullet">
/// <item>A change of membership takes effect only if the cluster's version is still the one read (<c>@Version</c>), and raises it
/// by one, in one statement. Updating the version's row first is also the lock: whoever changes membership, the sweep of
/// <see cref="LostSilos"/> too, takes that row before any silo's.</item>
/// <item>A heartbeat changes no version.</item>
/// <item>Reading always gives at least one row with the version, even if there is no silo.</item>
/// </list>
/// <c>heard_at</c> is the database's clock, so that silence can be judged without trusting the clocks of machines that are gone.
/// It moves only with a silo's own word: another silo's vote writes back the heartbeat it has read, and that one is not newer.
/// </remarks>
internal static class MembershipQueries
{
    /// <summary>The status numbers are Orleans' <c>SiloStatus</c>: 3 is Active, 6 is Dead.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["InsertMembershipVersionKey"] =
            """
            WITH added AS (
                INSERT INTO sheaf_cluster (cluster_id) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
            SELECT EXISTS (SELECT FROM added)
            """,
        ["InsertMembershipKey"] =
            """
            WITH turned AS (
                UPDATE sheaf_cluster SET version = version + 1
                WHERE cluster_id = @DeploymentId AND version = @Version
                  AND NOT EXISTS (SELECT FROM sheaf_silo s WHERE s.cluster_id = @DeploymentId
                                  AND s.address = @Address AND s.port = @Port AND s.generation = @Generation)
                RETURNING 1),
            added AS (
                INSERT INTO sheaf_silo (cluster_id, address, port, generation, silo_name, host_name, status, gateway_port, started_at, alive_at)
                SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
                FROM turned RETURNING 1)
            SELECT EXISTS (SELECT FROM added)
            """,
        ["UpdateMembershipKey"] =
            """
            WITH turned AS (
                UPDATE sheaf_cluster SET version = version + 1
                WHERE cluster_id = @DeploymentId AND version = @Version
                  AND EXISTS (SELECT FROM sheaf_silo s WHERE s.cluster_id = @DeploymentId
                              AND s.address = @Address AND s.port = @Port AND s.generation = @Generation)
                RETURNING 1),
            changed AS (
                UPDATE sheaf_silo SET
                    status = @Status, suspect_times = @SuspectTimes, alive_at = @IAmAliveTime,
                    heard_at = CASE WHEN @IAmAliveTime > alive_at THEN clock_timestamp() ELSE heard_at END
                FROM turned
                WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
                RETURNING 1)
            SELECT EXISTS (SELECT FROM changed)
            """,
        ["UpdateIAmAlivetimeKey"] =
            """
            UPDATE sheaf_silo SET alive_at = @IAmAliveTime, heard_at = clock_timestamp()
            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
            """,
        ["MembershipReadRowKey"] = Read("AND s.address = @Address AND s.port = @Port AND s.generation = @Generation"),
        ["MembershipReadAllKey"] = Read(""),
        ["GatewaysQueryKey"] =
            """
            SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation
            FROM sheaf_silo WHERE cluster_id = @DeploymentId AND status = @Status AND gateway_port > 0
            """,
        ["DeleteMembershipTableEntriesKey"] =
            "WITH gone AS (DELETE FROM sheaf_silo WHERE cluster_id = @DeploymentId) DELETE FROM sheaf_cluster WHERE cluster_id = @DeploymentId",
        // Only the dead: the moment given may be a recent one (a limit on rows, not on age), and a silo that joins has no heartbeat.
        ["CleanupDefunctSiloEntriesKey"] =
            "DELETE FROM sheaf_silo WHERE cluster_id = @DeploymentId AND status = 6 AND alive_at < @IAmAliveTime",
    };

    private static string Read(string condition) =>
        $"""
        SELECT c.version AS Version, s.address AS Address, s.port AS Port, s.generation AS Generation, s.silo_name AS SiloName,
               s.host_name AS HostName, s.status AS Status, s.gateway_port AS ProxyPort, s.suspect_times AS SuspectTimes,
               s.started_at AS StartTime, s.alive_at AS IAmAliveTime
        FROM sheaf_cluster c LEFT JOIN sheaf_silo s ON s.cluster_id = c.cluster_id {condition}
        WHERE c.cluster_id = @DeploymentId
        """;
}
