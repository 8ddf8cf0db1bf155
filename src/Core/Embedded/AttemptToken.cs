namespace Sheaf.Embedded;

/// <summary>
/// The token of one attempt: signalled with its scope, its timeout or its host. What callbacks on it throw is the attempt's
/// own affair (C1), and is kept for it.
/// </summary>
internal sealed class AttemptToken : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration[] _upstream;

    // Null until a callback throws; written by the one signal, read after Close has waited for it.
    private IReadOnlyList<Exception>? _callbackErrors;

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
        return Volatile.Read(ref _callbackErrors) ?? [];
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
            // Only the first of several signals runs the callbacks, so nobody else writes.
            Volatile.Write(ref _callbackErrors, thrown.Flatten().InnerExceptions);
        }
    }
}
