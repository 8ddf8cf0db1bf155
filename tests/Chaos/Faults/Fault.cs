namespace Sheaf.Chaos.Faults;

/// <summary>What strikes a cluster.</summary>
internal enum Fault
{
    /// <summary><c>kill -9</c> of a silo, and a new one.</summary>
    Kill,

    /// <summary><c>kill -9</c> of all silos, and new ones.</summary>
    KillAll,

    /// <summary>SIGSTOP, and SIGCONT before anybody takes the silo for dead.</summary>
    Pause,

    /// <summary>SIGSTOP, and SIGCONT after the others have declared the silo dead.</summary>
    Freeze,

    /// <summary>SIGTERM, and a new silo.</summary>
    Stop,

    /// <summary>The database ends as by a loss of power, and starts again.</summary>
    CrashDatabase,

    /// <summary>The database is stopped in order, and starts again.</summary>
    RestartDatabase,
}
