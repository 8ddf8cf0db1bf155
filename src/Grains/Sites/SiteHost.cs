using System.Collections.Concurrent;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>This silo as a site: runs children for the owners of workflows, here and elsewhere, under their leases (C5).</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SiteHost(HostContext host, TimeSpan lease, Func<string, OutcomeLink> outcomes, Func<WorkflowId, Letter, bool> post, Func<string, WorkflowId, LeafAsk, Task<bool>> ask, Action<WorkflowId, long> onClaimed)
{
    private readonly ConcurrentDictionary<WorkflowId, SiteWorkflow> _workflows = new();
    private static readonly SiteAnswer Leaving = new(IsLapsed: false, [], IsLeaving: true);

    // Null until the silo stops; then why, once.
    private volatile CancellationCause? _stop;

    // Whether there is no time for goodbyes. Set before _stop.
    private volatile bool _isDying;

    // Of which an earlier owner may not have heard that they are over.
    private readonly ForgottenWorkflows _forgotten = new();

    // Forgotten, with leaves that have been signalled and have not ended: for the audit.
    private readonly ConcurrentDictionary<SiteWorkflow, bool> _leaving = new();
    private readonly ConcurrentDictionary<string, OwnerStream> _streams = new(StringComparer.Ordinal);

    /// <summary>What owners elsewhere can be told of.</summary>
    public MessageLimit MessageLimit { get; init; } = new(int.MaxValue);

    /// <summary>Of how many workflows something is known here.</summary>
    public int WorkflowCount => _workflows.Count + _leaving.Count;

    /// <summary>Takes messages of an owner's stream.</summary>
    public SiteAnswer Deliver(string owner, long stream, long firstNumber, IReadOnlyList<SiteItem> items)
    {
        if (_stop is not null) return Refuse();
        OwnerStream inbound = _streams.GetOrAdd(owner, _ => new OwnerStream());
        lock (inbound)
        {
            if (_stop is not null) return Refuse();
            if (stream < inbound.Stream) return new SiteAnswer(IsLapsed: false, []);
            if (stream == inbound.Stream && inbound.IsGone) return new SiteAnswer(IsLapsed: true, []);
            if (stream > inbound.Stream && !inbound.TryBegin(stream, firstNumber)) return new SiteAnswer(IsLapsed: true, []);
            inbound.LastHeard = TimeProvider.System.GetTimestamp();
            List<FoundDeliveries> found = [];
            for (int i = 0; i < items.Count; i++)
            {
                foreach (SiteItem item in inbound.Messages.Take(firstNumber + i, items[i])) Apply(owner, item);
                // Also for a repetition: the answer to the first may not have arrived.
                if (items[i].Message is Attach) found.Add(new FoundDeliveries(items[i].Workflow, items[i].Epoch, FoundFor(items[i])));
            }

            return new SiteAnswer(IsLapsed: false, found);
        }
    }

    /// <summary>Takes messages of this silo's own workflows.</summary>
    public IReadOnlyList<FoundDeliveries> DeliverHere(IReadOnlyList<SiteItem> items)
    {
        if (_stop is not null) return [];
        List<FoundDeliveries>? found = null;
        foreach (SiteItem item in items)
        {
            Apply(host.OwnerName, item);
            if (item.Message is Attach) (found ??= []).Add(new FoundDeliveries(item.Workflow, item.Epoch, FoundFor(item)));
        }

        // No lock keeps a stop out: it may have begun since, and signalled only what was there before these.
        if (_stop is { } cause)
        {
            foreach (SiteItem item in items) _workflows.GetValueOrDefault(item.Workflow)?.Drop(cause);
        }

        return found ?? [];
    }

    /// <summary>Tells an owner of an end.</summary>
    public void Report(SiteWorkflow workflow, string owner, LeafEnded ended)
    {
        // Here it needs no batch: it goes straight into the workflow's mailbox, and over the link only if that is closed.
        if (owner == host.OwnerName && post(workflow.Workflow, new Letter(ended, new LocalReceipt(this, workflow, ended)))) return;
        outcomes(owner).Add(workflow, ended);
    }

    /// <summary>The workflow is stuck, or not here any more: told again now and then, wherever it is.</summary>
    private void ReportAgain(SiteWorkflow workflow, LeafEnded ended) => outcomes(workflow.Owner).Add(workflow, ended);

    /// <summary>Asks a workflow, on the silo of its owner, for what one of its children wants.</summary>
    /// <exception cref="PayloadTooLargeException">No message can carry it, also where the owner is here.</exception>
    public Task<bool> AskAsync(string owner, WorkflowId workflow, LeafAsk wanted)
    {
        if (wanted is AskSpawn spawn && !MessageLimit.Fits(spawn.Json)) throw MessageLimit.TooLarge($"child '{spawn.Name}'", spawn.Json);
        if (wanted is AskReady { Json: { } json } ready && !MessageLimit.Fits(json)) throw MessageLimit.TooLarge($"child {ready.Child}", json, what: "value that it is ready with");
        return ask(owner, workflow, wanted);
    }

    /// <summary>The workflow has ended, or its lease has.</summary>
    public void Forget(SiteWorkflow workflow, long epoch, bool hasLeaves)
    {
        _forgotten.Add(workflow.Workflow, epoch);
        // In this order: the audit must not miss what runs, and finds it twice rather.
        if (hasLeaves) _leaving[workflow] = true;
        _workflows.TryRemove(KeyValuePair.Create(workflow.Workflow, workflow));
    }

    /// <summary>Nothing of it runs any more.</summary>
    public void OnLeft(SiteWorkflow workflow) => _leaving.TryRemove(workflow, out _);

    /// <summary>The owner's silo is dead: its stream is forgotten with the last that runs for it.</summary>
    public void OnOwnerDead(string owner)
    {
        if (!_streams.TryGetValue(owner, out OwnerStream? stream)) return;
        lock (stream) stream.IsDead = true;
    }

    /// <summary>Lets go of what owners run here that have not been heard of for longer than the lease.</summary>
    public void EndLapsedLeases()
    {
        foreach ((string owner, OwnerStream stream) in _streams)
        {
            lock (stream)
            {
                if (TimeProvider.System.GetElapsedTime(stream.LastHeard) <= lease) continue;
                SiteWorkflow[] workflows = [.. _workflows.Values.Where(workflow => workflow.Owner == owner)];
                if (workflows.Length == 0)
                {
                    if (stream.IsDead) _streams.TryRemove(KeyValuePair.Create(owner, stream));
                    continue;
                }

                CancellationCause cause = new(CancellationCauseKind.ParentCancelled, $"nothing was heard of the workflow's owner for {lease}", owner, host.Time.GetUtcNow());
                int count = 0;
                foreach (SiteWorkflow workflow in workflows) count += workflow.Leave(owner, cause);
                // Were it to come back, it has to learn that all of it is gone; and what is late of this stream must not begin it again.
                stream.Lapse();
                if (count > 0) ClusterLog.Lapsed(host.Logger, owner, count);
            }
        }
    }

    public IReadOnlyList<RunningChild> Running(string silo) => [.. _workflows.Values.Union(_leaving.Keys).SelectMany(workflow => workflow.Running(silo))];

    /// <summary>This silo stops: takes nothing more, and signals all that runs.</summary>
    /// <param name="cause">Why.</param>
    /// <param name="handsBack">Whether owners are told so; else it is as if it had died, and what it ran counts as lost (D2).</param>
    public void Leave(CancellationCause cause, bool handsBack)
    {
        _isDying = !handsBack;
        _stop = cause;
        // After this nobody applies a batch.
        foreach (OwnerStream stream in _streams.Values)
        {
            lock (stream) stream.Lapse();
        }

        foreach (SiteWorkflow workflow in _workflows.Values) workflow.Drop(cause);
    }

    /// <summary>No answer to anything from a silo that dies: its owners hear from membership what became of it.</summary>
    private SiteAnswer Refuse() => _isDying ? throw new InvalidOperationException($"Silo {host.SiloName} goes down, and takes nothing more.") : Leaving;

    private SiteWorkflow Make(WorkflowId id, long epoch) => new(id, host, this, mayBeLate: _forgotten.MayBeLate(id, epoch));

    private void Apply(string owner, SiteItem item)
    {
        // One that another owner's message has just had forgotten takes nothing more: the next one does.
        while (FindOrMake(item) is { } workflow && !workflow.TryTake(owner, item.Epoch, item.Message, host.Time.GetUtcNow()))
        {
        }

        // This silo may have been the owner before, and not have heard that it is not any more.
        if (item.Message is Attach) onClaimed(item.Workflow, item.Epoch);
    }

    /// <summary>A scope that is to be forgotten, of a workflow that is, or a question for nothing: nothing to make one for.</summary>
    private SiteWorkflow? FindOrMake(SiteItem item) => item.Message is ForgetScope or Attach { Deliveries.Count: 0 }
        ? _workflows.GetValueOrDefault(item.Workflow)
        : _workflows.GetOrAdd(item.Workflow, static (id, of) => of.Site.Make(id, of.Epoch), (Site: this, item.Epoch));

    private IReadOnlyList<Delivery> FoundFor(SiteItem item) =>
        _workflows.TryGetValue(item.Workflow, out SiteWorkflow? workflow) ? workflow.FoundFor(item.Epoch) : [];

    /// <summary>Who waits for an end to be committed by a workflow of this silo.</summary>
    private sealed class LocalReceipt(SiteHost site, SiteWorkflow workflow, LeafEnded ended) : ILetterDone
    {
        public void OnDone(bool hadEffect) => workflow.OnAcknowledged(new Delivery(ended.Child, ended.Delivery));

        public void OnRefused(Exception reason) => site.ReportAgain(workflow, ended);
    }

    /// <summary>What has come from one owner. Locked by its own instance.</summary>
    private sealed class OwnerStream
    {
        public long Stream { get; private set; }

        public InboundStream<SiteItem> Messages { get; private set; } = new();

        public long LastHeard { get; set; }

        /// <summary>Whether its lease has lapsed.</summary>
        public bool IsGone { get; private set; }

        public bool IsDead { get; set; }

        /// <summary>Whatever comes over this stream is too late.</summary>
        public void Lapse() => IsGone = true;

        /// <summary>Begins a stream at its beginning. One that is under way and not known here has lapsed.</summary>
        public bool TryBegin(long stream, long firstNumber)
        {
            if (firstNumber != 0) return false;
            Stream = stream;
            IsGone = false;
            Messages = new InboundStream<SiteItem>();
            return true;
        }
    }
}
