using Sheaf.Engine;

namespace Sheaf.Embedded;

/// <summary>Who waits for a workflow, and a workflow that waits for help.</summary>
internal sealed partial class WorkflowActor
{
    private static TaskCompletionSource<Result> NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Complete(Action<TaskCompletionSource<Result>> complete)
    {
        lock (_gate) complete(_end);
        _ = WhenEnded.Exception; // Nobody has to wait for it; then its failure is in the log.
        SignalProgress();
    }

    private void SignalProgress()
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            reached = _progress;
            _progress = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.TrySetResult();
    }

    /// <summary>The host has let go of it: who asked for progress while it was on its way out is told to look again.</summary>
    public void OnLetGo() => SignalProgress();

    private void GetStuck()
    {
        WorkflowStuckException reason = _run.Stuck!;
        LogStuck(_host.Logger, _header.Id.Value, reason);
        lock (_gate) _stuckReason = reason.Message;
        Complete(end => end.TrySetException(reason));
    }

    /// <summary>Keeps what arrives until somebody asks to try again, then loads the workflow anew.</summary>
    private async Task WaitForRetryAsync()
    {
        GetStuck();
        RefuseKept();
        while (await _mailbox.Reader.WaitToReadAsync(_host.Stopping).ConfigureAwait(false))
        {
            while (_mailbox.Reader.TryRead(out Letter? letter))
            {
                if (letter.Input is not AskRetry)
                {
                    _kept.Enqueue(letter);
                    RefuseKept();
                    continue;
                }

                lock (_gate)
                {
                    _stuckReason = null;
                    _end = NewEnd();
                }

                letter.Done?.TrySetResult(true);
                await LoadAsync().ConfigureAwait(false);
                return;
            }
        }
    }

    /// <summary>A stuck workflow can journal nothing, so who waits for that is told; events are kept.</summary>
    private void RefuseKept()
    {
        Letter[] kept = [.. _kept];
        _kept.Clear();
        foreach (Letter letter in kept)
        {
            // A worker that asks for a sibling waits with its workflow: nothing is lost (D3).
            if (letter is { Done: { } done, Input: not AskSpawn }) done.TrySetException(new WorkflowStuckException($"Nothing was done: {StuckReason}"));
            else _kept.Enqueue(letter);
        }
    }

    /// <summary>Nobody is left waiting for an answer that will not come.</summary>
    private void RefuseRest()
    {
        _mailbox.Writer.TryComplete();
        while (_mailbox.Reader.TryRead(out Letter? letter)) _kept.Enqueue(letter);
        foreach (Letter letter in _kept) letter.Done?.TrySetResult(false);
    }
}
