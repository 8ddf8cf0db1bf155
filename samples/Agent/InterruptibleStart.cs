namespace Sheaf.Samples.Agent;

/// <summary>Starts a workflow that an interruption cancels from the first moment on, also while nobody knows whether it is there.</summary>
/// <remarks>
/// A start whose call is given up may come to be all the same: it is on its way, or waits for the store. So the call is not given up, and
/// the id is cancelled again and again until that takes hold or the start is known to have failed.
/// </remarks>
/// <param name="client">Starts and cancels it.</param>
/// <param name="id">Its id.</param>
/// <param name="reason">Why it is cancelled, for people.</param>
/// <param name="notes">Where it is said what is done.</param>
/// <param name="timeProvider">The clock.</param>
public sealed class InterruptibleStart(IWorkflowClient client, WorkflowId id, string reason, TextWriter notes, TimeProvider timeProvider)
{
    /// <summary>How long after an interruption an answer is waited for.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(45);

    // An id that belongs to another workflow is not this one's to cancel, and where all is well that is said by then.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);

    /// <summary>Starts the workflow.</summary>
    /// <param name="workflow">What to run.</param>
    /// <param name="input">Its input.</param>
    /// <param name="interruption">Cancels the workflow. Where it is there, this method returns all the same, and the caller waits for its end.</param>
    /// <returns>Whether it was started; <see langword="false"/> where it was there already.</returns>
    /// <exception cref="UsageException">The id belongs to another workflow or input, or is not for a client to give.</exception>
    /// <exception cref="StartNotAnsweredException">It was interrupted, and there was no answer within <see cref="Bound"/>.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted before it began.</exception>
    public async Task<bool> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, CancellationToken interruption)
    {
        interruption.ThrowIfCancellationRequested();
        using var bound = new CancellationTokenSource(Timeout.InfiniteTimeSpan, timeProvider);
        try
        {
            Task<bool> start = client.StartAsync(workflow, id, input, bound.Token);
            await ((Task)start).WaitAsync(interruption).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (start.IsCompleted) return await start;
            await CancelAsync(start, bound, interruption);
            // Where only the cancellation was answered, the workflow is there.
            return !IsAnswered(start) || await start;
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            throw new UsageException(UsageException.TextOf(refused), refused);
        }
    }

    /// <summary>Returns when the start has ended, and is answered or cancelled.</summary>
    private async Task CancelAsync(Task start, CancellationTokenSource bound, CancellationToken interruption)
    {
        await notes.WriteLineAsync($"The start of workflow '{id}' is not answered yet. It is cancelled as soon as it is there; Ctrl+C again leaves at once.");
        bound.CancelAfter(Bound);
        try
        {
            await start.WaitAsync(Grace, timeProvider, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (!IsAnswered(start) && !await client.CancelAsync(id, reason, bound.Token)) await Task.Delay(BetweenTries, timeProvider, bound.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            throw new StartNotAnsweredException(id, Bound, interruption);
        }
        catch
        {
            await bound.CancelAsync();
            throw;
        }
        finally
        {
            await start.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whether it is known what became of a start: a call that was not answered in time may have started the workflow.</summary>
    private static bool IsAnswered(Task start) => start.IsCompletedSuccessfully || IsRefusal(start.Exception?.InnerException);

    private static bool IsRefusal(Exception? error) => error is ArgumentException or PayloadTooLargeException or (InvalidOperationException and not ObjectDisposedException);
}
