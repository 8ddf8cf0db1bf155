using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Simulation;

/// <summary>
/// A shell around the engine, as hosts have it, in one thread: turns may run ahead of the journal, commits go one at a
/// time, effects wait for theirs (D4, D6).
/// </summary>
internal sealed class SimOwner
{
    private readonly SimWorld _world;
    private readonly Dictionary<TimerKey, (DateTimeOffset DueAt, int Attempt)> _timers = [];
    private readonly Dictionary<Delivery, (int Site, int Generation)> _assigned = [];
    private readonly Dictionary<(int Site, int Generation), OutboundStream<SiteMessage>> _streams = [];
    private readonly Queue<Batch> _batches = new();

    // Sites that have not said yet what they have of an earlier owner's deliveries, and those that nobody has found yet.
    private readonly HashSet<(int Site, int Generation)> _asked = [];
    private readonly HashSet<Delivery> _sought = [];
    private readonly Dictionary<Delivery, string> _steps = [];
    private ScriptWorkflow _code = null!;
    private WorkflowRun _run = null!;
    private long _nextSequence;
    private bool _cancelAsked;

    // A delivery that this process asked for and did not hand out is not lost: it is handed out now.
    private bool _isReload;

    public SimOwner(SimWorld world, long epoch)
    {
        _world = world;
        Epoch = epoch;
        Load();
    }

    public long Epoch { get; }

    public bool IsDead { get; private set; }

    public WorkflowState State => _run.State;

    /// <summary>What the code has seen.</summary>
    public string Seen => _code.Seen;

    public bool HasCommit => _batches.Count > 0;

    public IReadOnlyCollection<Delivery> RunningSteps => _steps.Keys;

    public IEnumerable<TimerKey> Timers => _timers.Keys;

    public IEnumerable<(int Site, int Generation)> Unconfirmed => _streams.Where(pair => pair.Value.Unconfirmed.Count > 0).Select(pair => pair.Key);

    public string NameOf(Delivery step) => _steps[step];

    public DateTimeOffset DueAt(TimerKey key) => _timers[key].DueAt;

    /// <summary>Whether the end was read from the journal: what was to be told with it is not known to have been.</summary>
    public bool EndWasLoaded { get; private set; }

    public void Die() => IsDead = true;

    /// <summary>Takes an input; tells its sender once what it brought about is committed.</summary>
    public void Take(Input input, Action? onCommitted = null)
    {
        Batch batch = Open();
        if (onCommitted is not null) batch.OnCommitted.Add(onCommitted);
        if (Intake.ToEvent(State, input, _world.Now) is not { } @event) return;
        IReadOnlyList<JournalEntry> turn = _run.Turn(@event);
        if (_run.Stuck is not null) throw new RuleBrokenException("D1", $"the code is stuck in a live turn: {_run.Stuck.Message}");
        batch.Entries.AddRange(turn);
        batch.Requests.AddRange(_run.TakeRequests());
        if (State.Result is { } result) batch.EndsAs = Descriptions.StatusOf(result);
    }

    public void AskCancel()
    {
        if (_cancelAsked) return;
        _cancelAsked = true;
        Take(new AskCancel("as simulated", "simulator"), () => _world.CancelDone = true);
    }

    public void AskTerminate() => Take(new AskTerminate("as simulated", "simulator"));

    public void FireTimer(TimerKey key)
    {
        int attempt = _timers[key].Attempt;
        _timers.Remove(key);
        Take(new TimerDue(key, attempt));
    }

    public void EndStep(Delivery step, Result result) => Take(new LeafEnded(step.Child, State.Find(step.Child)?.Attempt ?? 0, step.Number, result, _world.Now), () => _steps.Remove(step));

    public void OnOutcome(Outcome outcome)
    {
        Delivery delivery = new(outcome.Ended.Child, outcome.Ended.Delivery);
        Take(outcome.Ended, () =>
        {
            _assigned.Remove(delivery);
            _world.Send(new Ack(outcome.Site, outcome.Generation, delivery));
        });
    }

    public void OnWord(Word word)
    {
        Delivery delivery = new(word.Ready.Child, word.Ready.Delivery);
        Take(word.Ready, () => _world.Send(new WordAnswer(word.Site, word.Generation, delivery, State.Find(delivery.Child)?.IsReadyBy(delivery.Number) == true)));
    }

    public void NoticeDeath(int site, int generation)
    {
        Delivery[] lost = [.. _assigned.Where(pair => pair.Value == (site, generation)).Select(pair => pair.Key)];
        foreach (Delivery delivery in lost) _assigned.Remove(delivery);
        _streams.Remove((site, generation));
        if (lost.Length > 0) Take(new Lost(lost, $"site {site} was lost"));
        if (_asked.Remove((site, generation))) EndSearch();
    }

    /// <summary>Ends the oldest commit: written and known, written and unknown, or not written and unknown.</summary>
    public void FinishCommit(bool written, bool known)
    {
        Batch batch = _batches.Dequeue();
        if (written && batch.Entries.Count > 0)
        {
            AppendResult result = _world.Journal.Append(Epoch, _nextSequence, batch.Entries, batch.EndsAs);
            if (result == AppendResult.Stale)
            {
                // Another owner has it: this one does nothing more (D5).
                _world.OnStale(this);
                Die();
                return;
            }
        }

        if (!known)
        {
            Load();
            return;
        }

        _nextSequence += batch.Entries.Count;
        foreach (Request request in batch.Requests) Carry(request);
        foreach (Action tell in batch.OnCommitted) tell();
        if (batch.EndsAs is not null) _world.OnEnded(this);
    }

    public void Resend((int Site, int Generation) link)
    {
        foreach ((long number, SiteMessage message) in _streams[link].Unconfirmed) _world.Send(new ToSite(link.Site, link.Generation, Epoch, number, message));
    }

    public void OnConfirmed(int site, int generation, long appliedBefore, IReadOnlyList<Delivery>? found)
    {
        if (_streams.TryGetValue((site, generation), out OutboundStream<SiteMessage>? stream)) stream.OnConfirmed(appliedBefore);
        if (found is null || !_asked.Remove((site, generation))) return;
        foreach (Delivery delivery in found.Where(_sought.Remove)) _assigned[delivery] = (site, generation);
        EndSearch();
    }

    /// <summary>D8: dispatched again is only what no site has.</summary>
    private void EndSearch()
    {
        if (_asked.Count > 0 || _sought.Count == 0) return;
        Delivery[] lost = [.. _sought];
        _sought.Clear();
        Take(new Lost(lost, "the owner was lost"));
    }

    /// <summary>D5: the tail is read before anything else. What this process still runs goes on; the rest is lost.</summary>
    private void Load()
    {
        List<JournalEntry> entries = _world.Journal.Read();
        _batches.Clear();
        _timers.Clear();
        _nextSequence = entries.Count;
        _cancelAsked = false;
        _code = _world.NewCode();
        _run = SimWorld.NewRun(_code);
        if (_run.Replay(entries).Count > 0) throw new RuleBrokenException("D1", "the code goes on beyond its journal, and nobody has changed it");
        if (_run.Stuck is not null) throw new RuleBrokenException("D1", $"the replay of {entries.Count} entries is stuck: {_run.Stuck.Message}");
        if (entries.Count == 0)
        {
            _isReload = true;
            Take(new Begin());
            return;
        }

        if (State.HasEnded)
        {
            EndWasLoaded = true;
            _world.OnEnded(this);
            return;
        }

        Owed.Timers(State, _run);
        Owed.Cancellations(State, _run);
        Delivery[] missing = [.. Owed.Deliveries(State).Where(delivery => !_assigned.ContainsKey(delivery) && !_sought.Contains(delivery) && !_steps.ContainsKey(delivery))];
        Delivery[] steps = [.. missing.Where(delivery => State.Find(delivery.Child)!.Start.Kind == ChildKind.Step)];
        if (!_isReload) Search([.. missing.Except(steps)]);
        else if (!_run.IsCodeOver) Owed.Dispatches(State, missing, _run);
        foreach (Request request in _run.TakeRequests()) Carry(request);
        if (!_isReload && steps.Length > 0) Take(new Lost(steps, "the owner was lost"));
        // Never handed out, and for nobody now.
        if (_isReload && _run.IsCodeOver && missing.Length > 0) Take(new Lost(missing, "the workflow was terminated") { HandedBack = true });

        _isReload = true;
    }

    /// <summary>The first message to each site: what a new owner wants of what an earlier one started there (D8).</summary>
    private void Search(IReadOnlyList<Delivery> deliveries)
    {
        _sought.UnionWith(deliveries);
        foreach (int site in _world.LiveSites())
        {
            _asked.Add((site, _world.GenerationOf(site)));
            Send(site, new Attach(deliveries));
        }
    }

    private Batch Open()
    {
        // The first batch may be on its way to the store; what comes now gathers in the next.
        if (_batches.Count == 0 || _batches.Last().Sealed) _batches.Enqueue(new Batch());
        return _batches.Last();
    }

    /// <summary>The store has begun with the oldest batch.</summary>
    public void BeginCommit() => _batches.Peek().Sealed = true;

    public bool CommitHasBegun => _batches.Count > 0 && _batches.Peek().Sealed;

    private void Carry(Request request)
    {
        switch (request)
        {
            case DispatchWorker dispatch:
                int site = _world.ChooseSite();
                _assigned[new Delivery(dispatch.Child, dispatch.Delivery)] = (site, _world.GenerationOf(site));
                Send(site, new Deliver(dispatch));
                break;
            case RunStep step:
                _steps[new Delivery(step.Child, step.Delivery)] = step.Name;
                break;
            case CancelRunning cancel:
                foreach (int target in _world.LiveSites()) Send(target, new SignalScope(cancel.Scope, cancel.Cause));
                break;
            case CloseScope close:
                foreach (int target in _world.LiveSites()) Send(target, new ForgetScope(close.Scope));
                break;
            case StartTimer start:
                _timers[start.Key] = (start.DueAt, start.Attempt);
                break;
            case StopTimer stop:
                _timers.Remove(stop.Key);
                break;
            default:
                break;
        }
    }

    private void Send(int site, SiteMessage message)
    {
        (int, int) link = (site, _world.GenerationOf(site));
        if (!_streams.TryGetValue(link, out OutboundStream<SiteMessage>? stream)) _streams[link] = stream = new();
        _world.Send(new ToSite(link.Item1, link.Item2, Epoch, stream.Add(message), message));
    }

    private sealed class Batch
    {
        public List<JournalEntry> Entries { get; } = [];

        public List<Request> Requests { get; } = [];

        public List<Action> OnCommitted { get; } = [];

        public WorkflowStatus? EndsAs { get; set; }

        public bool Sealed { get; set; }
    }
}
