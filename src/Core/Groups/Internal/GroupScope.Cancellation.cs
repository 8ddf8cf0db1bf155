namespace Sheaf;

/// <summary>How a local group is cancelled, once, and what becomes of children that ignore it (R4 to R9).</summary>
internal sealed partial class GroupScope
{
    /// <summary>Cancels the group once; later causes change nothing.</summary>
    /// <param name="source">What cancels.</param>
    /// <param name="cause">The same for people.</param>
    /// <param name="failed">The child whose failure cancels. It is noted here, so that the first failure is the one in the cause.</param>
    public void Cancel(CancelSource source, CancellationCause cause, ILocalChild? failed = null)
    {
        WaitingChild[] waiting;
        lock (_gate)
        {
            if (failed is not null) NoteFailed(failed);
            if (_cause is not null || !TryAddPending()) return;
            _source = source;
            _cause = cause;
            waiting = _window is null ? [] : [.. _window];
            _window?.Clear();
        }

        // CancelAsync marks the token at once and runs the callbacks on the pool: who cancels is never held up by them,
        // and what they throw comes back here instead of to them.
        Task delivered = _cancellation.CancelAsync();
        foreach (WaitingChild one in waiting) one.Child.EndNotStarted(heldPlace: false);
        if (CanAbandon) _grace = GroupTimer.Start(Time, Options.GracePeriod, AbandonRunning);
        if (delivered.IsCompleted) OnCancellationDelivered(delivered);
        else delivered.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => OnCancellationDelivered(delivered));
    }

    /// <summary>
    /// Whether the group is cancelled, as far as judging an end depends on it (R4). A token calls back whoever registered
    /// last first, so work that listens to the caller's token itself may end before the group has heard of it: then it hears now.
    /// </summary>
    public bool IsCancellationRequested()
    {
        if (Token.IsCancellationRequested) return true;
        if (Options.Shield is not null) return false;
        if (!Outside.IsCancellationRequested && Parent?.IsCancellationRequested() is not true) return false;
        Cancel(CancelSource.Outside, OutsideCause());
        return true;
    }

    /// <summary>The cause that a scope inside this one, or a caller's token, brings.</summary>
    public CancellationCause OutsideCause() => Parent?.Cause is { } parent
        ? new(CancellationCauseKind.ParentCancelled, null, Parent.Options.Name, Time.GetUtcNow()) { Parent = parent }
        : new(CancellationCauseKind.Requested, null, "the caller's token", Time.GetUtcNow());

    /// <summary>Grace is over (R9). Nothing is started in a cancelled group, so that one look finds all.</summary>
    private void AbandonRunning()
    {
        foreach (ILocalChild child in Children()) child.Abandon();
    }

    private void OnCancellationDelivered(Task delivered)
    {
        if (delivered.Exception is { } thrown)
        {
            lock (_gate) (_callbackErrors ??= []).AddRange(thrown.Flatten().InnerExceptions);
        }

        RemovePending();
    }
}
