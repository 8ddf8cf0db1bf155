using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>Supports <c>await</c> on a <see cref="ChildTask"/>; not for direct use.</summary>
public readonly struct ChildAwaiter : ICriticalNotifyCompletion
{
    private readonly ChildTask _child;

    internal ChildAwaiter(ChildTask child) => _child = child;

    /// <summary>Whether the child has ended.</summary>
    public bool IsCompleted => _child.HasEnded;

    /// <summary>Ends the await: throws unless the child succeeded.</summary>
    public void GetResult() => _child.ThrowUnlessSucceeded();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => _child.WhenEnded.GetAwaiter().OnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => _child.WhenEnded.GetAwaiter().UnsafeOnCompleted(continuation);
}

/// <summary>Supports <c>await</c> on a <see cref="ChildTask{T}"/>; not for direct use.</summary>
/// <typeparam name="T">The type of the child's value.</typeparam>
public readonly struct ChildAwaiter<T> : ICriticalNotifyCompletion
{
    private readonly ChildTask<T> _child;

    internal ChildAwaiter(ChildTask<T> child) => _child = child;

    /// <summary>Whether the child has ended.</summary>
    public bool IsCompleted => _child.HasEnded;

    /// <summary>Ends the await: the child's value, or what it failed with.</summary>
    public T GetResult() => _child.GetResult();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => _child.WhenEnded.GetAwaiter().OnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => _child.WhenEnded.GetAwaiter().UnsafeOnCompleted(continuation);
}
