namespace Sheaf.Embedded;

/// <summary>The token that the leaves of one scope share (C2), with the reason for its signal (C1).</summary>
internal sealed class ScopeToken
{
    private readonly CancellationTokenSource _source = new();
    private volatile CancellationCause? _cause;

    public CancellationToken Token => _source.Token;

    public CancellationCause? Cause => _cause;

    /// <summary>Signals the token once. What callbacks throw is given back: the leaves whose they are report it.</summary>
    public async Task<IReadOnlyList<Exception>> CancelAsync(CancellationCause cause)
    {
        if (Interlocked.CompareExchange(ref _cause, cause, null) is not null) return [];
        Task delivered = _source.CancelAsync();
        await delivered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return delivered.Exception is { } thrown ? thrown.Flatten().InnerExceptions : [];
    }
}
