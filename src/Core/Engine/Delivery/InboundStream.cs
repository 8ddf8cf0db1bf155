namespace Sheaf.Engine;

/// <summary>The receiving end of a numbered stream (C3): each message once, in the order of its number, however they arrive.</summary>
/// <typeparam name="T">The type of the messages.</typeparam>
/// <remarks>Not thread-safe.</remarks>
internal sealed class InboundStream<T>
{
    // Invariant: holds only numbers greater than AppliedBefore.
    private readonly Dictionary<long, T> _early = [];

    /// <summary>Everything before this number has been applied: what the other end is told.</summary>
    public long AppliedBefore { get; private set; }

    /// <summary>Takes a message; gives those whose turn has come.</summary>
    public IReadOnlyList<T> Take(long number, T message)
    {
        if (number < AppliedBefore) return [];
        _early[number] = message;
        List<T> ready = [];
        while (_early.Remove(AppliedBefore, out T? next))
        {
            ready.Add(next);
            AppliedBefore++;
        }

        return ready;
    }
}
