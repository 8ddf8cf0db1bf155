using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>The way from this silo, as a site, to one owner: ends of children, sent again until they are committed (D8).</summary>
/// <remarks>
/// Thread-safe. What ends while a batch is in flight gathers for the next: a batch goes when nothing else is on its way, or
/// when it is full.
/// </remarks>
internal sealed class OutcomeLink(HostContext host, string owner, Func<IReadOnlyList<(SiteWorkflow Workflow, LeafEnded Ended)>, Task<OutcomeAnswer>> send)
{
    /// <summary>So many batches may be on their way: an answer comes only with the commit.</summary>
    private const int MaxInFlight = 4;

    private static readonly TimeSpan NotHereRetryDelay = TimeSpan.FromSeconds(1);

    private readonly Outage _outage = new(TimeProvider.System);
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private List<(SiteWorkflow Workflow, LeafEnded Ended)> _outbox = [];
    private int _inFlight;
    private bool _isDead;

    // Guarded by _gate. What the owner could not take: told again in a while, beside the rest, which must not wait for it.
    private List<(SiteWorkflow Workflow, LeafEnded Ended)> _refused = [];
    private bool _tellsAgain;

    /// <summary>What goes into one message.</summary>
    public MessageLimit MessageLimit { get; init; } = new(int.MaxValue);

    public void Add(SiteWorkflow workflow, LeafEnded ended)
    {
        lock (_gate)
        {
            if (_isDead) return;
            _outbox.Add((workflow, ended));
            if (_inFlight > 0 && (_inFlight >= MaxInFlight || _outbox.Count < Batches.MaxItems)) return;
            _inFlight++;
        }

        host.Run(SendAllAsync);
    }

    /// <summary>The owner's silo is dead: what is not committed is kept for the next owner's question.</summary>
    public void Die()
    {
        lock (_gate)
        {
            _isDead = true;
            _outbox.Clear();
            _refused.Clear();
        }
    }

    private async Task SendAllAsync()
    {
        while (Take() is { } batch) await SendAsync(batch).ConfigureAwait(false);
    }

    private async Task SendAsync(List<(SiteWorkflow Workflow, LeafEnded Ended)> batch)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                OnAnswer(batch, await send(batch).ConfigureAwait(false));
                return;
            }
            catch (Exception error)
            {
                lock (_gate)
                {
                    if (_isDead) return;
                }

                if (host.Stopping.IsCancellationRequested) return;
                if (MessageSize.IsTooLarge(error) && batch.Count > 1)
                {
                    // Larger than was reckoned: what is too large for itself must not hold up the rest.
                    int half = batch.Count / 2;
                    await Task.WhenAll(SendAsync(batch[..half]), SendAsync(batch[half..])).ConfigureAwait(false);
                    return;
                }

                if (_outage.Speaks(out int heldBack)) ClusterLog.OutcomesFailed(host.Logger, owner, heldBack, error);
            }

            await Task.Delay(Outage.DelayAfter(failures, host.CommitRetryDelay), TimeProvider.System, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (host.Stopping.IsCancellationRequested) return;
            batch = [.. batch.Where(item => item.Workflow.IsKept(owner, item.Ended))];
            if (batch.Count == 0) return;
        }
    }

    private void OnAnswer(List<(SiteWorkflow Workflow, LeafEnded Ended)> batch, OutcomeAnswer answer)
    {
        HashSet<int> notHere = [.. answer.NotHere];
        List<(SiteWorkflow Workflow, LeafEnded Ended)> refused = [];
        for (int i = 0; i < batch.Count; i++)
        {
            (SiteWorkflow workflow, LeafEnded ended) = batch[i];
            if (!notHere.Contains(i)) workflow.OnAcknowledged(new Delivery(ended.Child, ended.Delivery));
            else if (answer.Ended.Contains(workflow.Workflow)) workflow.Leave(owner, new(CancellationCauseKind.ParentCancelled, "the workflow has ended", owner, host.Time.GetUtcNow()));
            else if (answer.Moved.TryGetValue(workflow.Workflow, out string? next)) workflow.MoveTo(owner, next);
            else refused.Add(batch[i]);
        }

        if (refused.Count > 0) OnRefused(refused);
    }

    /// <summary>Their workflow is stuck, or on its way to another owner, who will ask.</summary>
    private void OnRefused(IReadOnlyList<(SiteWorkflow Workflow, LeafEnded Ended)> refused)
    {
        lock (_gate)
        {
            if (_isDead) return;
            _refused.AddRange(refused);
            if (_tellsAgain) return;
            _tellsAgain = true;
        }

        host.Run(TellAgainAsync);
    }

    private async Task TellAgainAsync()
    {
        await Task.Delay(NotHereRetryDelay, TimeProvider.System, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        List<(SiteWorkflow Workflow, LeafEnded Ended)> again;
        lock (_gate)
        {
            again = _refused;
            _refused = [];
            _tellsAgain = false;
        }

        if (host.Stopping.IsCancellationRequested) return;
        foreach ((SiteWorkflow workflow, LeafEnded ended) in again)
        {
            if (workflow.IsKept(owner, ended)) Add(workflow, ended);
        }
    }

    private List<(SiteWorkflow Workflow, LeafEnded Ended)>? Take()
    {
        lock (_gate)
        {
            if (_outbox.Count == 0 || (_inFlight > 1 && _outbox.Count < Batches.MaxItems))
            {
                _inFlight--;
                return null;
            }

            return Batches.Take(ref _outbox, item => MessageLimit.SizeOf(item.Ended), MessageLimit.MaxBatchBytes);
        }
    }
}
