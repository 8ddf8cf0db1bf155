namespace Sheaf.Engine;

/// <summary>What a durable child is. The numbers are part of the journal's format.</summary>
internal enum ChildKind
{
    /// <summary>A registered worker's call, delivered to wherever it can run.</summary>
    Worker = 0,

    /// <summary>An effect given as a delegate; runs beside the workflow, in its owner's process.</summary>
    Step = 1,

    /// <summary>Workflow code; runs on the workflow's turns, and again on resume.</summary>
    Branch = 2,

    /// <summary>A nested task group: workflow code with a policy over its children.</summary>
    Group = 3,

    /// <summary>A wait for an instant. Runs nowhere: the journal and a timer are all it needs.</summary>
    Delay = 4,

    /// <summary>A wait for a signal from outside. Runs nowhere.</summary>
    Signal = 5,

    /// <summary>A workflow of its own, with its own journal and owner, wherever that is.</summary>
    Workflow = 6,
}
