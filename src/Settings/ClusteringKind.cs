namespace Sheaf.Settings;

/// <summary>Where silos find each other.</summary>
internal enum ClusteringKind
{
    /// <summary>On this machine, in the memory of one silo, the primary. For development: the cluster ends with that silo.</summary>
    Localhost,

    /// <summary>In a PostgreSQL database, which is also the journal's.</summary>
    PostgreSql,
}
