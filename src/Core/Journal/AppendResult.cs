namespace Sheaf.Journal;

/// <summary>What became of one commit of an append.</summary>
public enum AppendResult
{
    /// <summary>It is durable.</summary>
    Accepted = 0,

    /// <summary>Somebody else owns the workflow now, or its journal has gone on: nothing of this commit was written.</summary>
    Stale = 1,

    /// <summary>The id of the workflow that it creates is taken: nothing of this commit was written.</summary>
    Taken = 2,
}
