using System.Text.Json.Serialization;

namespace Sheaf.Simulation;

/// <summary>What a leaf does when it runs, as far as the workflow can tell.</summary>
public enum Behaviour
{
    Succeed,
    Fail,

    /// <summary>Fails, except in its third attempt.</summary>
    FailTwice,

    /// <summary>Runs until cancelled.</summary>
    WaitForCancel,
    FailWhenCancelled,
    SucceedWhenCancelled,

    /// <summary>Never ends.</summary>
    Ignore,

    /// <summary>Ends, and succeeds, only once nobody waits for it any more.</summary>
    EndLate,

    /// <summary>Kills its site in its first two deliveries, then succeeds.</summary>
    KillSiteTwice,

    /// <summary>Kills every site that it meets.</summary>
    KillSites,
}

/// <summary>A workflow as data: what the simulator makes up, and what runs is exactly this.</summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(LeafNode), "leaf")]
[JsonDerivedType(typeof(WaitNode), "wait")]
[JsonDerivedType(typeof(GroupNode), "group")]
[JsonDerivedType(typeof(BranchNode), "branch")]
public abstract record Node(string Name);

/// <summary>What the code of a group looks at of a child that gets ready.</summary>
[Flags]
public enum Looks
{
    Nowhere = 0,
    AtStart = 1,
    AtEnd = 2,
    AtBoth = AtStart | AtEnd,
}

/// <summary>A worker call or a step.</summary>
public sealed record LeafNode(string Name, Behaviour Behaviour, bool IsStep, bool Isolated, int Attempts) : Node(Name)
{
    /// <summary>Whether it says that it is ready, as a rule, before it does what it does (R14).</summary>
    public bool GetsReady { get; init; }

    /// <summary>Of one that does: what its group's code looks at. Where it is isolated, the code goes on whatever it sees.</summary>
    public Looks Looks { get; init; }
}

/// <summary>A durable wait: for some seconds, or, where there are none, for the signal of its name.</summary>
public sealed record WaitNode(string Name, int? Seconds) : Node(Name);

/// <summary>A group: starts all its children, then looks at them in order.</summary>
public sealed record GroupNode(string Name, GroupPolicy Policy, int? MaxConcurrency, int? DeadlineSeconds, int? ShieldSeconds, int? CancelAfter, bool Catches, IReadOnlyList<Node> Children) : Node(Name)
{
    public bool IsCheckpoint { get; init; }

    /// <summary>So many steps of the scheduler its code takes for itself before it looks at a child, so that it is overtaken by other code of the turn.</summary>
    public int Yields { get; init; }

    /// <summary>Whether its code asks for a change.</summary>
    public bool Asks { get; init; }

    /// <summary>Whether its code looks at the isolated children of the groups around it, and takes what they failed with.</summary>
    public bool LooksOut { get; init; }
}

/// <summary>Workflow code beside its siblings: opens its groups one after the other.</summary>
public sealed record BranchNode(string Name, bool Isolated, IReadOnlyList<GroupNode> Groups) : Node(Name);
