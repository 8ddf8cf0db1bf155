namespace Sheaf.Hosting;

/// <summary>What the leaves of one scope know of it: why it was cancelled, once it is (C1).</summary>
internal sealed class LeafScope
{
    private volatile CancellationCause? _cause;

    public CancellationCause? Cause => _cause;

    /// <summary>How many leaves it has; counted by its pool.</summary>
    public int Leaves { get; set; }

    /// <summary>Whether it is signalled because nobody here waits for its leaves any more.</summary>
    public bool IsAbandoned { get; private set; }

    public void Abandon(CancellationCause cause)
    {
        IsAbandoned = true;
        Cancel(cause);
    }

    /// <summary>Sets the cause; the first one counts.</summary>
    public void Cancel(CancellationCause cause) => Interlocked.CompareExchange(ref _cause, cause, null);
}
