using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>The start of a child that says when it is ready (rule R14). Awaiting it gives the value that the child is ready with.</summary>
/// <typeparam name="TReady">The type of that value.</typeparam>
/// <remarks>
/// <para>
/// Awaiting throws what stopped the child before it was ready: its failure, or <see cref="OperationCanceledException"/> where it was
/// cancelled or never started. That failure is the awaiter's: it cancels nobody, and counts as a failure of the group only if nobody
/// awaited the start or the <see cref="Child"/>. Once it is ready, it is a child like any other.
/// </para>
/// <para>
/// An await that is left early, as by <c>start.AsTask().WaitAsync(timeout)</c>, leaves the child in the group, and has still taken its
/// failure: bound the time in the child's work instead. Any number may await, any number of times. Thread-safe; but that of a workflow's group is awaited on the workflow's turn, without <c>ConfigureAwait(false)</c> (rule D3).
/// </para>
/// </remarks>
public class ChildStart<TReady>
{
    private readonly IReadiness<TReady> _readiness;

    internal ChildStart(IReadiness<TReady> readiness, ChildTask child)
    {
        _readiness = readiness;
        Child = child;
    }

    /// <summary>The handle of the child, to await its end. It is there before the child is ready.</summary>
    public ChildTask Child { get; }

    /// <summary>Supports <c>await start</c>.</summary>
    public TaskAwaiter<TReady> GetAwaiter() => AsTask().GetAwaiter();

    /// <summary>The start as a task, for <see cref="Task.WhenAll(Task[])"/> and its like. Counts as awaiting it.</summary>
    public Task<TReady> AsTask()
    {
        _readiness.MarkAwaited();
        return _readiness.WaitAsync(Child);
    }

    /// <summary>The start as a task, so that a method that returns one can return the start.</summary>
    /// <param name="start">The start.</param>
    public static implicit operator Task<TReady>(ChildStart<TReady> start) => (start ?? throw new ArgumentNullException(nameof(start))).AsTask();
}

/// <summary>The start of a child with a value that says when it is ready (rule R14).</summary>
/// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
/// <typeparam name="T">The type of the value that it ends with.</typeparam>
/// <remarks><inheritdoc cref="ChildStart{TReady}" path="/remarks"/></remarks>
public sealed class ChildStart<TReady, T> : ChildStart<TReady>
{
    internal ChildStart(IReadiness<TReady> readiness, ChildTask<T> child)
        : base(readiness, child) => Child = child;

    /// <inheritdoc cref="ChildStart{TReady}.Child"/>
    public new ChildTask<T> Child { get; }
}
