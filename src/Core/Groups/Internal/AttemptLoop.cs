namespace Sheaf;

/// <summary>How the attempts at one child ended.</summary>
/// <param name="End">The end of the last attempt; of none, where the child never got a permit.</param>
/// <param name="Value">The value, where it succeeded.</param>
/// <param name="LastFailure">The last failure, where it was cancelled before the next attempt.</param>
/// <param name="Attempts">How many attempts began.</param>
internal readonly record struct AttemptsEnd<T>(WorkEnd End, T? Value, Exception? LastFailure, int Attempts);

/// <summary>Runs a child that needs more than one plain call: permits of a limiter, retries, timeouts (R11, R12), a start (R14).</summary>
internal sealed class AttemptLoop<T>(ChildTask child, GroupScope scope, Func<CancellationToken, Task> work, RetryPolicy? retry, CapacityLimiter? limiter, Readiness? readiness)
{
    private readonly RetryPolicy _retry = retry ?? RetryPolicy.None;

    /// <summary>Never throws: the end is in the result.</summary>
    public async Task<AttemptsEnd<T>> RunAsync()
    {
        Exception? lastFailure = null;
        for (int attempt = 1; ; attempt++)
        {
            if (!await TryBeginAsync(attempt).ConfigureAwait(false))
            {
                return attempt == 1
                    ? new(new WorkEnd(OutcomeKind.NotStarted, []), default, null, 0)
                    : new(WorkEnd.Cancelled, default, lastFailure, attempt - 1);
            }

            WorkEnd end;
            T? value = default;
            try
            {
                (end, value) = await RunOnceAsync(attempt).ConfigureAwait(false);
            }
            finally
            {
                limiter?.Release();
            }

            // What a ready child was started with belongs to this attempt: another one would not know of it (R14).
            if (end.Kind != OutcomeKind.Failed || readiness is { IsReady: true } || attempt >= _retry.MaxAttempts || scope.IsCancellationRequested())
                return new(end, value, null, attempt);
            (bool worthIt, Exception? filterError) = Judge(end.Errors);
            if (filterError is not null) return new(WorkEnd.Failed([.. end.Errors, filterError]), default, null, attempt);
            if (!worthIt) return new(end, default, null, attempt);
            lastFailure = end.Error(child.Name);
            TimeSpan delay = Backoff.DelayAfter(_retry, attempt, Chance());
            if (!await TryWaitAsync(Task.Delay(delay, scope.Time, scope.Token)).ConfigureAwait(false))
                return new(WorkEnd.Cancelled, default, lastFailure, attempt);
        }
    }

    /// <summary>Gets a permit, where one is needed. False where the group was cancelled before the attempt could begin.</summary>
    private async ValueTask<bool> TryBeginAsync(int attempt)
    {
        if (limiter is not null && !await TryWaitAsync(limiter.AcquireAsync(scope.Token)).ConfigureAwait(false)) return false;
        // A permit given back by a cancelled sibling, or the end of a wait, may come before the news. A first attempt
        // without a wait was admitted by the group itself.
        if (scope.Cause is null || (attempt == 1 && limiter is null)) return true;
        limiter?.Release();
        return false;
    }

    private async Task<(WorkEnd End, T? Value)> RunOnceAsync(int attempt)
    {
        if (_retry.AttemptTimeout is not { } timeout) return await RunOnceAsync(scope.Token).ConfigureAwait(false);

        AttemptTimer timer = new(scope, timeout);
        (WorkEnd end, T? value) = await RunOnceAsync(timer.Token).ConfigureAwait(false);
        (bool expired, IReadOnlyList<Exception> callbackErrors) = await timer.StopAsync().ConfigureAwait(false);
        if (expired && end.Kind == OutcomeKind.Cancelled && !scope.IsCancellationRequested())
            end = WorkEnd.Failed(new TimeoutException($"Attempt {attempt} of child '{child.Name}' took longer than its timeout of {timeout}."));
        return callbackErrors.Count == 0 ? (end, value) : (WorkEnd.Failed([.. end.Errors, .. callbackErrors]), default);
    }

    private Task<(WorkEnd End, T? Value)> RunOnceAsync(CancellationToken token) =>
        readiness is null ? CallAsync(token) : CallAsync(readiness, token);

    /// <summary>As any call, but one that returns without being ready has failed, unless it was asked to stop (R14).</summary>
    private async Task<(WorkEnd End, T? Value)> CallAsync(Readiness said, CancellationToken token)
    {
        (WorkEnd end, T? value) = await CallAsync(token).ConfigureAwait(false);
        said.EndAttempt();
        if (end.Kind != OutcomeKind.Succeeded || said.IsReady) return (end, value);
        return (IsCancelled(token) ? WorkEnd.Cancelled : WorkEnd.Failed(Readiness.NeverReady(child.Name)), default);
    }

    private async Task<(WorkEnd End, T? Value)> CallAsync(CancellationToken token)
    {
        Task? task;
        try
        {
            task = work(token);
        }
        catch (Exception thrown)
        {
            return (WorkEnd.Of(thrown, IsCancelled(token), scope.Options.IsCancellation), default);
        }

        if (task is null) return (WorkEnd.Failed(LocalChild<T>.NoTask(child.Name)), default);
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        WorkEnd end = WorkEnd.Of(task, IsCancelled(token), scope.Options.IsCancellation);
        return (end, end.Kind == OutcomeKind.Succeeded ? LocalChild<T>.ValueOf(task) : default);
    }

    /// <summary>The token of an attempt with a timeout hears of the group's cancellation a moment after the group.</summary>
    private bool IsCancelled(CancellationToken token) => token.IsCancellationRequested || scope.IsCancellationRequested();

    private (bool WorthIt, Exception? FilterError) Judge(IReadOnlyList<Exception> errors)
    {
        try
        {
            return (errors.All(_retry.IsWorthRetry), null);
        }
        catch (Exception filterError)
        {
            return (false, filterError);
        }
    }

    /// <summary>Waits for something that only the group's cancellation can end early.</summary>
    private static async Task<bool> TryWaitAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompletedSuccessfully;
    }

#pragma warning disable RS0030 // Jitter of a local group is real chance; a workflow, which must repeat it, does not come here.
    private static double Chance() => Random.Shared.NextDouble();
#pragma warning restore RS0030
}
