namespace Sheaf.Engine;

/// <summary>What only the host that runs a workflow knows of its children: it is not journaled.</summary>
internal interface IRunningView
{
    /// <summary>Children that have been delivered and run nowhere yet, and why.</summary>
    IReadOnlyDictionary<ChildId, string> WhyWaiting();

    /// <summary>Whether a running child has been signalled where it runs (C4).</summary>
    bool IsSignalled(ChildId child);
}
