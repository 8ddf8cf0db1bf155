namespace Sheaf;

/// <summary>What became of the cancellation of a child (rule C4).</summary>
public enum ChildCancellation
{
    /// <summary>Nobody asked for it while the child ran.</summary>
    None = 0,

    /// <summary>The cancellation of its group is journaled. The signal is on its way.</summary>
    Requested,

    /// <summary>Where the child runs it has been signalled, as its silo confirms. Not journaled: known while the workflow's owner lives.</summary>
    Delivered,

    /// <summary>The child ended as cancelled.</summary>
    Acknowledged,

    /// <summary>The child ended otherwise: it succeeded or failed after the request.</summary>
    Ignored,

    /// <summary>The child did not end in time, and nobody waits for it any more (rule R9).</summary>
    Abandoned,
}
