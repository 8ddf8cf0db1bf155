using System.Threading.Channels;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>Group commit (D6): one writer a host, one append in flight, the next batch gathers meanwhile. No delay timer.</summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private readonly IJournal _journal;
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _loop;

    public JournalWriter(IJournal journal)
    {
        _journal = journal;
        _loop = Task.Run(WriteAsync);
    }

    /// <summary>Appends a commit. When the task completes it is durable, or refused; if it fails, nobody knows which.</summary>
    public Task<AppendResult> AppendAsync(JournalCommit commit)
    {
        Pending pending = new(commit);
        if (!_queue.Writer.TryWrite(pending)) throw new ObjectDisposedException(nameof(JournalWriter), "The host has stopped: nothing is journaled any more.");
        return pending.Done.Task;
    }

    /// <summary>Writes what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        List<Pending> batch = [];
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            while (_queue.Reader.TryRead(out Pending? next)) batch.Add(next);
            try
            {
                IReadOnlyList<AppendResult> results = await _journal.AppendAsync([.. batch.Select(pending => pending.Commit)]).ConfigureAwait(false);
                for (int i = 0; i < batch.Count; i++) batch[i].Done.SetResult(results[i]);
            }
            catch (Exception error)
            {
                // Each workflow of the batch reads its tail again: whether it was written, only the store knows.
                foreach (Pending pending in batch) pending.Done.TrySetException(error);
            }
        }
    }

    private sealed record Pending(JournalCommit Commit)
    {
        public TaskCompletionSource<AppendResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
