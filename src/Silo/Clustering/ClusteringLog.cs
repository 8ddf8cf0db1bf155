namespace Sheaf.Silo.Clustering;

/// <summary>The log messages of clustering.</summary>
internal static partial class ClusteringLog
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Warning, Message = "The database for membership cannot be reached ({Reason}); trying again in {Delay}. See ConnectionStrings:Sheaf.")]
    public static partial void DatabaseNotReachable(ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "Declared {Silo} dead: its whole cluster is silent, and nothing answers at its endpoint.")]
    public static partial void DeclaredDead(ILogger logger, SilentSilo silo);

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "Could not look for silos of a lost cluster; the next look may.")]
    public static partial void LookFailed(ILogger logger, Exception error);
}
