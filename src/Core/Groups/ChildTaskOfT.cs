namespace Sheaf;

/// <summary>The handle of a child with a value: the typed, awaitable reference to it.</summary>
/// <typeparam name="T">The type of the child's value.</typeparam>
/// <remarks><inheritdoc cref="ChildTask" path="/remarks"/></remarks>
public abstract class ChildTask<T> : ChildTask
{
    private protected ChildTask()
    {
    }

    /// <summary>The outcome. Only for a child that has ended.</summary>
    internal abstract Outcome<T> TypedOutcome { get; }

    /// <summary>The value, or throws as <see cref="ChildTask.ThrowUnlessSucceeded"/>. Only for a child that has ended.</summary>
    internal abstract T GetResult();

    internal override Outcome UntypedOutcome => TypedOutcome;

    /// <summary>Supports <c>await child</c>.</summary>
    public new ChildAwaiter<T> GetAwaiter()
    {
        MarkAwaited();
        return new ChildAwaiter<T>(this);
    }

    /// <inheritdoc cref="ChildTask.AsTask"/>
    public new Task<T> AsTask()
    {
        MarkAwaited();
        return WaitAsync();
    }

    /// <inheritdoc cref="ChildTask.OutcomeAsync"/>
    public new async Task<Outcome<T>> OutcomeAsync()
    {
        MarkAwaited();
        await WhenEnded.ConfigureAwait(KeepsContext);
        return TypedOutcome;
    }

    /// <summary>The child as a task, so that a method that returns one can return the handle.</summary>
    /// <param name="child">The child.</param>
    public static implicit operator Task<T>(ChildTask<T> child) => (child ?? throw new ArgumentNullException(nameof(child))).AsTask();

    // Without this one `Task task = child` would be ambiguous between the other two.

    /// <summary>The child as a task without its value, so that handles of several types go into one <see cref="Task.WhenAll(Task[])"/>.</summary>
    /// <param name="child">The child.</param>
    public static implicit operator Task(ChildTask<T> child) => (child ?? throw new ArgumentNullException(nameof(child))).AsTask();

    private async Task<T> WaitAsync()
    {
        await WhenEnded.ConfigureAwait(KeepsContext);
        return GetResult();
    }
}
