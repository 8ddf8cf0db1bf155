namespace Sheaf.Silo.Clustering;

/// <summary>The log messages of clustering.</summary>
internal static partial class ClusteringLog
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Warning, Message = "The start waits for {Database}: {Reason}. It is trying again every second, for {Patience} in all.")]
    public static partial void DatabaseNotReachable(ILogger logger, string database, string reason, TimeSpan patience);

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "Declared {Silo} dead: its whole cluster is silent, and nothing answers at its endpoint.")]
    public static partial void DeclaredDead(ILogger logger, SilentSilo silo);

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "Could not look for silos of a lost cluster; the next look may.")]
    public static partial void LookFailed(ILogger logger, Exception error);
}
