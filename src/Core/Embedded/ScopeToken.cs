namespace Sheaf.Embedded;

/// <summary>The token that the leaves of one scope share (C2), with the reason for its signal (C1).</summary>
internal sealed class ScopeToken
{
    private readonly CancellationTokenSource _source = new();
    private volatile CancellationCause? _cause;

    public CancellationToken Token => _source.Token;

    public CancellationCause? Cause => _cause;

    /// <summary>Signals the token once, its callbacks on the thread pool.</summary>
    public Task CancelAsync(CancellationCause cause) =>
        Interlocked.CompareExchange(ref _cause, cause, null) is null ? _source.CancelAsync() : Task.CompletedTask;
}
