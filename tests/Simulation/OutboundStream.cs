namespace Sheaf.Simulation;

/// <summary>The sending end of a numbered stream (C3): messages keep their numbers until the other end has them.</summary>
/// <typeparam name="T">The type of the messages.</typeparam>
/// <remarks>Not thread-safe. No clock: the shell decides when to send again what is unconfirmed.</remarks>
internal sealed class OutboundStream<T>
{
    private readonly Queue<(long Number, T Message)> _unconfirmed = new();
    private long _next;

    /// <summary>Messages that the other end has not confirmed, oldest first.</summary>
    public IReadOnlyCollection<(long Number, T Message)> Unconfirmed => _unconfirmed;

    /// <summary>Numbers a message and keeps it.</summary>
    public long Add(T message)
    {
        _unconfirmed.Enqueue((_next, message));
        return _next++;
    }

    /// <summary>The other end has applied everything before this number. An older confirmation changes nothing.</summary>
    public void OnConfirmed(long appliedBefore)
    {
        while (_unconfirmed.TryPeek(out (long Number, T Message) oldest) && oldest.Number < appliedBefore) _unconfirmed.Dequeue();
    }
}
