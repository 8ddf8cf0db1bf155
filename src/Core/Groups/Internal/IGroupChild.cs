namespace Sheaf;

/// <summary>What the end of a group asks of its children, local or durable.</summary>
internal interface IGroupChild
{
    ChildTask Handle { get; }

    OutcomeKind Kind { get; }

    bool Isolated { get; }

    /// <summary>Whether anybody has awaited the handle or asked for its outcome.</summary>
    bool WasAwaited { get; }

    /// <summary>What the child failed with: a group where its task had more than one exception.</summary>
    Exception? Error { get; }

    FailureOrigin Origin { get; }
}

/// <summary>What a local group asks of its children, whatever the type of their values.</summary>
internal interface ILocalChild : IGroupChild
{
    /// <summary>The child started before this one, or null: a group's children are one linked list, newest first.</summary>
    ILocalChild? Previous { get; }

    void Run();

    /// <summary>Runs a child that has waited for the window, unless its group was cancelled meanwhile.</summary>
    void RunAfterWaiting();

    void EndNotStarted(bool heldPlace);

    /// <summary>Ends a leaf that runs, without its work's end (R9); of anything else nothing.</summary>
    void Abandon();
}
