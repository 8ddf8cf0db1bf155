namespace Sheaf;

/// <summary>The token of one attempt with a timeout: signalled by the group, or by time.</summary>
/// <remarks>
/// As with the group's own token, callbacks run on the pool, and what they throw comes back here: out of a timer it
/// would end the process (C1).
/// </remarks>
internal sealed class AttemptTimer
{
    private readonly CancellationTokenSource _cancellation;
    private readonly GroupTimer? _timer;

    /// <summary>Guards the fields below it.</summary>
    private readonly Lock _gate = new();
    private Task? _delivered;
    private bool _stopped;

    public AttemptTimer(GroupScope scope, TimeSpan timeout)
    {
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(scope.Token);
        Token = _cancellation.Token;
        _timer = GroupTimer.Start(scope.Time, timeout, OnTimeUp);
    }

    public CancellationToken Token { get; }

    /// <summary>Ends the attempt's time, once the callbacks that it may have started have ended too.</summary>
    /// <returns>Whether the time was up before, and what callbacks on the token threw then.</returns>
    public async Task<(bool Expired, IReadOnlyList<Exception> CallbackErrors)> StopAsync()
    {
        _timer?.Dispose();
        Task? delivered;
        lock (_gate)
        {
            _stopped = true;
            delivered = _delivered;
        }

        if (delivered is not null) await delivered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _cancellation.Dispose();
        return (delivered is not null, delivered?.Exception?.Flatten().InnerExceptions ?? (IReadOnlyList<Exception>)[]);
    }

    private void OnTimeUp()
    {
        lock (_gate)
        {
            // CancelAsync runs nothing here that could wait for the gate.
            if (!_stopped) _delivered = _cancellation.CancelAsync();
        }
    }
}
