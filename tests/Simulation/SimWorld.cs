using Sheaf.Engine;

namespace Sheaf.Simulation;

/// <summary>What goes wrong in a run, by steps: an exhaustive sweep names the step, a random run lets chance decide.</summary>
/// <param name="Faults">How many faults chance may inject.</param>
/// <param name="At">Faults at given steps.</param>
internal sealed record FaultPlan(int Faults, IReadOnlyDictionary<int, Fault> At)
{
    public static FaultPlan None { get; } = new(0, new Dictionary<int, Fault>());

    public static FaultPlan Random(int faults) => None with { Faults = faults };

    public static FaultPlan Once(int step, Fault fault) => None with { At = new Dictionary<int, Fault> { [step] = fault } };
}

internal enum Fault
{
    /// <summary>The owner's process is gone; its commit in flight may have been written or not.</summary>
    CrashOwner,

    /// <summary>Another owner takes over while the old one still runs.</summary>
    TakeOver,
    CrashSite,

    /// <summary>The client asks for cancellation.</summary>
    Cancel,

    /// <summary>Somebody ends the code.</summary>
    Terminate,
    LoseMessage,
    RepeatMessage,

    /// <summary>The store does not say whether it has written.</summary>
    UnknownCommit,
}

/// <summary>Engine, store and network in one thread: every step is one choice of a seeded chance.</summary>
internal sealed class SimWorld
{
    private const int Sites = 3;
    private readonly List<Message> _network = [];
    private readonly List<SimOwner> _zombies = [];
    private readonly SimSite?[] _sites = new SimSite?[Sites];
    private readonly int[] _generations = new int[Sites];
    private readonly List<(int Site, int Generation)> _deaths = [];
    private readonly GroupNode _script;
    private readonly FaultPlan _plan;
    private readonly List<(string Name, string Key)> _unsent;
    private readonly List<ScriptWorkflow> _codes = [];
    private int _faultsLeft;
    private SimOwner? _owner;
    private bool _ended;

    public SimWorld(GroupNode script, int seed, FaultPlan plan)
    {
        _script = script;
        _plan = plan;
        _faultsLeft = plan.Faults;
        Random = new Random(seed);
        Journal = new SimJournal(Id);
        Rules = new Rules(this, script);
        _unsent = [.. Rules.Signals];
        for (int i = 0; i < Sites; i++) _sites[i] = new SimSite(this, i, 0);
    }

    public static WorkflowId Id { get; } = new("simulated");

    public Random Random { get; }

    public SimJournal Journal { get; }

    public Rules Rules { get; }

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public bool CancelDone { get; set; }

    public int Steps { get; private set; }

    public int FaultsInjected { get; private set; }

    public static Result ResultOf(string name, Behaviour behaviour, int attempt, bool signalled, Random random) => behaviour switch
    {
        Behaviour.Fail => Failed(name),
        Behaviour.FailTwice when attempt < 3 => Failed(name),
        Behaviour.WaitForCancel => Result.Cancelled(),
        Behaviour.FailWhenCancelled => Failed(name),
        _ when signalled && behaviour is not (Behaviour.SucceedWhenCancelled or Behaviour.EndLate) && random.Next(2) == 0 => Result.Cancelled(),
        _ => Result.Succeeded($"\"{name}\""),
    };

    private static Result Failed(string name) => Result.Failed(Failure.From(new FormatException($"{name} failed")));

    public ScriptWorkflow NewCode()
    {
        ScriptWorkflow code = new(_script);
        _codes.Add(code);
        return code;
    }

    public static WorkflowRun NewRun(ScriptWorkflow code) => new(Id, code.RunAsync, Payloads.Default, types: null);

    /// <summary>Whether any code has looked at a child that gets ready; also in turns that were never journaled.</summary>
    public bool WasEverAwaited(string leaf) => _codes.Exists(code => code.Awaited.Contains(leaf));

    /// <summary>Runs to the end of the workflow and the silence after it.</summary>
    public void Run()
    {
        _owner = new SimOwner(this, Journal.Create());
        // Bounded: a run of this size takes some hundreds of steps.
        for (Steps = 0; Steps < 50_000; Steps++)
        {
            if (_plan.At.TryGetValue(Steps, out Fault fault)) Inject(fault);
            List<Action> choices = Choices();
            if (choices.Count == 0)
            {
                if (_ended) break;
                if (CancelDone) throw new RuleBrokenException("R1", "the workflow has not ended, was cancelled, and nothing is left to happen");
                _owner!.AskCancel();
                continue;
            }

            choices[Random.Next(choices.Count)]();
        }

        if (!_ended) throw new RuleBrokenException("R1", $"the workflow has not ended after {Steps} steps");
        Rules.CheckEnd();
    }

    public void Send(Message message) => _network.Add(message);

    public int GenerationOf(int site) => _generations[site];

    public IReadOnlyList<int> LiveSites() => [.. Enumerable.Range(0, Sites).Where(i => _sites[i] is not null)];

    public int ChooseSite()
    {
        IReadOnlyList<int> live = LiveSites();
        return live[Random.Next(live.Count)];
    }

    public void OnEnded(SimOwner owner)
    {
        if (owner == _owner) _ended = true;
    }

    /// <summary>What the code of the owner that ended the workflow has seen; null where that owner is gone.</summary>
    public string? Seen => _owner?.Seen;

    /// <summary>Whether the owner that ended the workflow lived to tell every site: else only a lease ends what older owners left behind (C5).</summary>
    public bool SitesWereTold => _owner is { EndWasLoaded: false };

    public void OnStale(SimOwner owner)
    {
        if (!_zombies.Remove(owner)) throw new RuleBrokenException("D5", "the journal refused the only owner");
    }

    public void CrashSite(int site, bool isFault)
    {
        if (isFault) FaultsInjected++;
        _deaths.Add((site, _generations[site]));
        _generations[site]++;
        // The same place, a new process: the old one's messages are not for it.
        _sites[site] = new SimSite(this, site, _generations[site]);
    }

    /// <summary>Leaves that run still.</summary>
    public IEnumerable<Delivery> RunningLeaves() => _sites.SelectMany(site => site!.Leaves);

    private List<Action> Choices()
    {
        List<Action> choices = [];
        if (_owner is null && !_ended)
        {
            choices.Add(() =>
            {
                if (Journal.Claim() is { } epoch) _owner = new SimOwner(this, epoch);
                else _ended = true; // The end was written, and its owner died before it could tell. CheckEnd looks whether it was.
            });
        }

        foreach (SimOwner owner in Owners()) AddChoices(choices, owner);
        if (_network.Count > 0)
        {
            for (int i = 0; i < Math.Min(_network.Count, 4); i++) choices.Add(DeliverOne);
        }

        foreach (SimSite? site in _sites)
        {
            Delivery[] ready = [.. site!.Ready];
            if (ready.Length > 0) choices.Add(() => site.End(ready[Random.Next(ready.Length)]));
            if (site.Site.Kept.Count > 0 && _network.Count == 0) choices.Add(site.SendKept);
            if (site.Asks && _network.Count == 0) choices.Add(site.AskAgain);
        }

        if (_owner is { } current && !_ended && _unsent.Count > 0)
        {
            choices.Add(() =>
            {
                // Sent until somebody says that it is durable: a repetition has the same key.
                (string name, string key) = _unsent[Random.Next(_unsent.Count)];
                current.Take(new AskSignal(name, $"\"{key}\"", key), () => _unsent.Remove((name, key)));
            });
        }

        if (_deaths.Count > 0 && _owner is not null)
        {
            choices.Add(() =>
            {
                (int Site, int Generation) dead = _deaths[0];
                _deaths.RemoveAt(0);
                _owner.NoticeDeath(dead.Site, dead.Generation);
                foreach (SimOwner zombie in _zombies) zombie.NoticeDeath(dead.Site, dead.Generation);
            });
        }

        if (_faultsLeft > 0 && !_ended && Random.Next(12) == 0)
        {
            choices.Clear();
            choices.Add(() =>
            {
                _faultsLeft--;
                Inject((Fault)Random.Next(Enum.GetValues<Fault>().Length));
            });
        }

        return choices;
    }

    private SimOwner[] Owners() => _owner is null ? [.. _zombies] : [_owner, .. _zombies];

    private void AddChoices(List<Action> choices, SimOwner owner)
    {
        if (owner.HasCommit)
        {
            if (owner.CommitHasBegun) choices.Add(() => owner.FinishCommit(written: true, known: true));
            else choices.Add(owner.BeginCommit);
        }

        Delivery[] steps = [.. owner.RunningSteps.Where(step => CanEnd(owner, step))];
        if (steps.Length > 0)
        {
            choices.Add(() =>
            {
                Delivery step = steps[Random.Next(steps.Length)];
                ChildState? child = owner.State.Find(step.Child);
                owner.EndStep(step, ResultOf(owner.NameOf(step), Rules.BehaviourOf(owner.NameOf(step)), child?.Attempt ?? 1, child?.Scope.Cause is not null, Random));
            });
        }

        TimerKey? earliest = owner.Timers.OrderBy(owner.DueAt).Select(key => (TimerKey?)key).FirstOrDefault();
        if (earliest is { } timer)
        {
            choices.Add(() =>
            {
                DateTimeOffset due = owner.DueAt(timer);
                if (due > Now) Now = due;
                owner.FireTimer(timer);
            });
        }

        foreach ((int Site, int Generation) link in owner.Unconfirmed.ToArray())
        {
            if (_network.Count == 0 && GenerationOf(link.Site) == link.Generation) choices.Add(() => owner.Resend(link));
        }
    }

    private bool CanEnd(SimOwner owner, Delivery step)
    {
        ChildState? child = owner.State.Find(step.Child);
        if (child is null || !child.Expects(child.Attempt, step.Number)) return false;
        return CanEnd(Rules.BehaviourOf(owner.NameOf(step)), child.Scope.Cause is not null, () => false);
    }

    /// <summary>Whether a leaf could end now: it does not wait for a cancellation that has not come, nor ignores one that has.</summary>
    public static bool CanEnd(Behaviour behaviour, bool signalled, Func<bool> isAbandoned) => behaviour switch
    {
        Behaviour.WaitForCancel or Behaviour.FailWhenCancelled or Behaviour.SucceedWhenCancelled => signalled,
        Behaviour.Ignore => false,
        Behaviour.EndLate => signalled && isAbandoned(),
        _ => true,
    };

    /// <summary>Whether the journal says that a delivery was given up.</summary>
    public bool IsAbandoned(Delivery delivery) => Rules.Fold().Find(delivery.Child) is { Result.Kind: OutcomeKind.Abandoned } child && child.Delivery == delivery.Number;

    private void DeliverOne()
    {
        int index = Random.Next(_network.Count);
        Message message = _network[index];
        _network.RemoveAt(index);
        Deliver(message);
    }

    private void Deliver(Message message)
    {
        switch (message)
        {
            case ToSite to when _sites[to.Site] is { } site && site.Generation == to.Generation:
                site.OnMessage(to);
                break;
            case Ack ack when _sites[ack.Site] is { } site && site.Generation == ack.Generation:
                site.Site.OnAcknowledged(ack.Delivery);
                break;
            case Confirm confirm:
                // A site that has heard of a newer owner says so, and the old one knows that it is.
                foreach (SimOwner old in _zombies.Where(owner => owner.Epoch < confirm.Epoch).ToArray())
                {
                    old.Die();
                    _zombies.Remove(old);
                }

                foreach (SimOwner owner in Owners().Where(owner => owner.Epoch == confirm.Epoch)) owner.OnConfirmed(confirm.Site, confirm.Generation, confirm.AppliedBefore, confirm.Found);
                break;
            case Outcome outcome:
                // Whoever owns the workflow now: the fence, not the address, keeps old outcomes out.
                _owner?.OnOutcome(outcome);
                break;
            case Word word:
                // Of whom the site takes for the owner, as long as that one lives; then of the one that there is.
                if ((Owners().FirstOrDefault(owner => owner.Epoch == word.Epoch) ?? _owner) is { } asked) asked.OnWord(word);
                else if (_ended) Send(new WordAnswer(word.Site, word.Generation, new Delivery(word.Ready.Child, word.Ready.Delivery), IsReady: false));
                break;
            case WordAnswer answer when _sites[answer.Site] is { } site && site.Generation == answer.Generation:
                site.OnAnswer(answer.Delivery, answer.IsReady);
                break;
            default:
                break; // For a process that is gone.
        }
    }

    private void Inject(Fault fault)
    {
        if (_ended) return;
        switch (fault)
        {
            case Fault.CrashOwner when _owner is not null:
                if (_owner.CommitHasBegun && Random.Next(2) == 0) _owner.FinishCommit(written: true, known: false);
                _owner?.Die();
                _owner = null;
                break;
            case Fault.TakeOver when _owner is not null && _zombies.Count == 0:
                if (Journal.Claim() is not { } epoch) return;
                _zombies.Add(_owner);
                _owner = new SimOwner(this, epoch);
                break;
            case Fault.CrashSite:
                CrashSite(Random.Next(Sites), isFault: false);
                break;
            case Fault.Cancel when _owner is not null:
                _owner.AskCancel();
                break;
            case Fault.Terminate when _owner is not null:
                _owner.AskTerminate();
                break;
            case Fault.LoseMessage when _network.Count > 0:
                _network.RemoveAt(Random.Next(_network.Count));
                break;
            case Fault.RepeatMessage when _network.Count > 0:
                _network.Add(_network[Random.Next(_network.Count)]);
                break;
            case Fault.UnknownCommit when _owner is { CommitHasBegun: true }:
                _owner.FinishCommit(written: Random.Next(2) == 0, known: false);
                break;
            default:
                return; // Nothing there for it to hit.
        }

        FaultsInjected++;
    }
}
