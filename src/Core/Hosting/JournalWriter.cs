using Microsoft.Extensions.Logging;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>Group commit (D6): one writer a host, one append in flight, the next batch gathers meanwhile. No delay timer.</summary>
/// <remarks>Thread-safe. Who comes while nobody writes begins to write on its own thread: a store in memory costs no hop.</remarks>
internal sealed class JournalWriter(IJournal journal, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>So many commits go into one append at the most.</summary>
    private const int MaxBatch = 512;

    private readonly Lock _gate = new();

    // Guarded by _gate. Invariant: where commits wait, somebody writes.
    private List<Pending> _waiting = [];
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private bool _isClosed;

    // A store that never takes batches says so at every one.
    private readonly Outage _batches = new(time);

    /// <summary>Appends a commit. When the task completes it is durable, or refused; if it fails, nobody knows which.</summary>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    public Task<AppendResult> AppendAsync(JournalCommit commit)
    {
        Pending pending = new(commit);
        TaskCompletionSource? written = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _waiting.Add(pending);
            if (!_isWriting)
            {
                _isWriting = true;
                written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _writing = written.Task;
            }
        }

        if (written is not null) Complete(WriteAsync(), written);
        return pending.Done.Task;
    }

    /// <summary>Writes what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_gate)
        {
            _isClosed = true;
            writing = _writing;
        }

        await writing.ConfigureAwait(false);
    }

    /// <summary>Tells the closing that the writer has finished. It does not fail: its failures are those of its commits.</summary>
    private static void Complete(Task writing, TaskCompletionSource written)
    {
        if (writing.IsCompleted) written.SetResult();
        else writing.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(written.SetResult);
    }

    private async Task WriteAsync()
    {
        List<Pending>? batch = Take();
        while (batch is not null)
        {
            await WriteAsync(batch).ConfigureAwait(false);
            batch = Take();
            // Only the first batch is that of the thread that came first.
            if (batch is not null) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    /// <summary>What is written next; null where nothing waits, and then nobody writes any more.</summary>
    private List<Pending>? Take()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _isWriting = false;
                return null;
            }

            List<Pending> batch = _waiting.Count <= MaxBatch ? _waiting : _waiting[..MaxBatch];
            _waiting = _waiting.Count <= MaxBatch ? [] : _waiting[MaxBatch..];
            return batch;
        }
    }

    private async Task WriteAsync(List<Pending> batch)
    {
        try
        {
            long begin = SheafTelemetry.AppendDuration.Enabled ? TimeProvider.System.GetTimestamp() : 0;
            IReadOnlyList<AppendResult> results = await journal.AppendAsync([.. batch.Select(pending => pending.Commit)]).ConfigureAwait(false);
            if (begin != 0) SheafTelemetry.AppendDuration.Record(TimeProvider.System.GetElapsedTime(begin).TotalSeconds);
            for (int i = 0; i < batch.Count; i++) batch[i].Done.SetResult(results[i]);
        }
        catch (Exception error) when (batch.Count == 1)
        {
            // Its workflow reads its tail again: whether it was written, only the store knows (D5).
            batch[0].Done.SetException(error);
        }
        catch (Exception error)
        {
            if (_batches.Speaks(out int heldBack)) HostLog.BatchFailed(logger, batch.Count, heldBack, error);
            // One that the store never takes must not cost the others theirs: each for itself.
            foreach (Pending pending in batch) await WriteAloneAsync(pending, error).ConfigureAwait(false);
        }
    }

    private async Task WriteAloneAsync(Pending pending, Exception batchError)
    {
        try
        {
            AppendResult result = (await journal.AppendAsync([pending.Commit]).ConfigureAwait(false))[0];
            // Accepted now means that the batch wrote nothing. Anything else may be the batch's own trace.
            if (result == AppendResult.Accepted) pending.Done.SetResult(result);
            else pending.Done.SetException(batchError);
        }
        catch (Exception error)
        {
            pending.Done.SetException(error);
        }
    }

    private sealed record Pending(JournalCommit Commit)
    {
        public TaskCompletionSource<AppendResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
