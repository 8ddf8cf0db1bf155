namespace Sheaf.Embedded;

/// <summary>
/// The token of one attempt: signalled with its scope, its timeout or its host. What callbacks on it throw is the attempt's
/// own affair (C1), and is kept for it.
/// </summary>
internal sealed class AttemptToken : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration[] _upstream;
    private readonly Lock _gate = new();
    private readonly List<Exception> _callbackErrors = [];

    public AttemptToken(params ReadOnlySpan<CancellationToken> upstream)
    {
        _upstream = new CancellationTokenRegistration[upstream.Length];
        for (int i = 0; i < upstream.Length; i++) _upstream[i] = upstream[i].UnsafeRegister(static token => ((AttemptToken)token!).Signal(), this);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Waits for callbacks that run right now; after that nothing is added.</summary>
    public IReadOnlyList<Exception> Close()
    {
        foreach (CancellationTokenRegistration registration in _upstream) registration.Dispose();
        lock (_gate) return [.. _callbackErrors];
    }

    public void Dispose()
    {
        foreach (CancellationTokenRegistration registration in _upstream) registration.Dispose();
        _source.Dispose();
    }

    private void Signal()
    {
        try
        {
            _source.Cancel();
        }
        catch (AggregateException thrown)
        {
            lock (_gate) _callbackErrors.AddRange(thrown.Flatten().InnerExceptions);
        }
    }
}
