using System.Diagnostics;

namespace Sheaf;

/// <summary>The handle of a child without a value: awaitable, in any group, any number of times.</summary>
/// <remarks>
/// <para>
/// Awaiting throws what the child failed with, and <see cref="OperationCanceledException"/> where it was cancelled. It
/// never handles the failure: in a fail-fast group the group still ends with it (rule R16). To look at a child that may
/// fail, start it with <see cref="ChildOptions.Isolated"/> and ask for its <see cref="OutcomeAsync"/>.
/// </para>
/// <para>
/// An await follows the child, not the group it stands in. Awaited in another group, it ends when the child ends; bound
/// it there with <c>child.AsTask().WaitAsync(cancellationToken)</c>. A child that its own group cancelled is a failure to
/// the other group, which nobody asked to stop (rule R4).
/// </para>
/// <para>Thread-safe.</para>
/// </remarks>
[DebuggerDisplay("{Name,nq} (ended: {HasEnded})")]
public abstract class ChildTask
{
    private protected ChildTask()
    {
    }

    /// <summary>The child's name; <c>#</c> and its ordinal where it was given none.</summary>
    public abstract string Name { get; }

    /// <summary>The child's place in the order of starting, from 0. It tells children of one name apart.</summary>
    public abstract int Ordinal { get; }

    /// <summary>Whether the child has ended.</summary>
    public abstract bool HasEnded { get; }

    /// <summary>Completes when the child has ended, and never fails. On a workflow it completes on a turn.</summary>
    internal abstract Task WhenEnded { get; }

    /// <summary>Whether waiters go on where they came from: a workflow's code must stay on its scheduler.</summary>
    private protected abstract bool KeepsContext { get; }

    /// <summary>Notes that somebody looks at this child's end (rule R16).</summary>
    internal abstract void MarkAwaited();

    /// <summary>Throws unless the child succeeded. Only for a child that has ended.</summary>
    internal abstract void ThrowUnlessSucceeded();

    /// <summary>The outcome without its value's type. Only for a child that has ended.</summary>
    internal abstract Outcome UntypedOutcome { get; }

    /// <summary>Supports <c>await child</c>.</summary>
    public ChildAwaiter GetAwaiter()
    {
        MarkAwaited();
        return new ChildAwaiter(this);
    }

    /// <summary>The child as a task, for <see cref="Task.WhenAll(Task[])"/> and its like. Counts as awaiting it.</summary>
    public Task AsTask()
    {
        MarkAwaited();
        return WaitAsync();
    }

    /// <summary>How the child ended, once it has. Never throws, whatever the child did. Counts as awaiting it.</summary>
    public async Task<Outcome> OutcomeAsync()
    {
        MarkAwaited();
        await WhenEnded.ConfigureAwait(KeepsContext);
        return UntypedOutcome;
    }

    /// <summary>The child as a task, so that a method that returns one can return the handle.</summary>
    /// <param name="child">The child.</param>
    public static implicit operator Task(ChildTask child) => (child ?? throw new ArgumentNullException(nameof(child))).AsTask();

    private async Task WaitAsync()
    {
        await WhenEnded.ConfigureAwait(KeepsContext);
        ThrowUnlessSucceeded();
    }
}
