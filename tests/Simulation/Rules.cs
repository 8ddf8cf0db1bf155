using Sheaf.Engine;

namespace Sheaf.Simulation;

/// <summary>The rules of the design, checked against what became durable: by their own bookkeeping, where that is possible.</summary>
internal sealed class Rules
{
    private readonly SimWorld _world;
    private readonly Dictionary<string, LeafNode> _leaves = [];
    private readonly Dictionary<string, GroupNode> _groups = [];

    public Rules(SimWorld world, GroupNode script)
    {
        _world = world;
        Index(script);
    }

    /// <summary>The signals that the client sends: one for each that the script waits for, with a key of its own.</summary>
    public List<(string Name, string Key)> Signals { get; } = [];

    public Behaviour BehaviourOf(string leaf) => _leaves[leaf].Behaviour;

    /// <summary>Deliveries that were told that nobody waits for them to be ready.</summary>
    private readonly HashSet<Delivery> _refused = [];

    /// <summary>D4: what is told that it is ready is so by something durable.</summary>
    public void OnReady(Delivery delivery)
    {
        if (!_world.Journal.Durable.OfType<ChildReady>().Any(ready => ready.Child == delivery.Child && ready.Delivery == delivery.Number))
            throw new RuleBrokenException("D4", $"{delivery} was told that it is ready, and the journal has nothing of it");
    }

    public void OnRefused(Delivery delivery) => _refused.Add(delivery);

    /// <summary>D4: what runs anywhere was asked for by something durable.</summary>
    public void OnRun(DispatchWorker dispatch)
    {
        WorkflowState durable = Fold(_world.Journal.Durable, new NoEffects());
        if (durable.Find(dispatch.Child) is not { } child) throw new RuleBrokenException("D4", $"delivery {dispatch.Delivery} of {dispatch.Name} runs, and its start is not durable");
        if (child.Delivery < dispatch.Delivery) throw new RuleBrokenException("D4", $"delivery {dispatch.Delivery} of {dispatch.Name} runs, and the journal knows only {child.Delivery}");
    }

    public void CheckEnd()
    {
        List<JournalEntry> journal = _world.Journal.Read();
        Watcher watcher = new();
        WorkflowState state = Fold(journal, watcher);
        CheckStructure(journal, state.IsTerminated);
        CheckFence(journal);
        CheckReadiness(state, journal);
        CheckOutcomes(state, watcher);
        CheckFailures(state, journal);
        CheckSignals(state);
        CheckAwaited(state, journal, CheckReplay(journal, state));
        Delivery[] running = [.. _world.RunningLeaves().Where(delivery => state.Find(delivery.Child) is not { Result.Kind: OutcomeKind.Abandoned } child || child.Delivery != delivery.Number)];
        if (_world.SitesWereTold && running.Length > 0) throw new RuleBrokenException("R1", $"the workflow has ended, {string.Join(", ", running)} still run, and nobody gave them up");
    }

    /// <summary>R1 and R2, from the entries alone: nothing ends before its children, nothing starts in what has ended.</summary>
    private static void CheckStructure(List<JournalEntry> journal, bool isTerminated)
    {
        HashSet<int> ended = [];
        if (isTerminated)
        {
            if (journal.SkipWhile(entry => entry is not WorkflowTerminated).FirstOrDefault(entry => entry is JournalCommand) is { } command) throw new RuleBrokenException("D3", $"{command} came after the end of the code");
            if (journal.Count(entry => entry is WorkflowTerminated) != 1) throw new RuleBrokenException("D3", "the code was ended twice");
        }

        foreach (JournalEntry entry in journal)
        {
            if (entry is StartChild start && ended.Contains(start.Child.Scope)) throw new RuleBrokenException("R2", $"{start.Describe()} after its scope had ended");
            if (entry is EndScope end && !ended.Add(end.Scope)) throw new RuleBrokenException("R1", $"scope {end.Scope} ended twice");
            if (entry is EndScope { Scope: 0 } && journal[^1] != entry && journal.SkipWhile(e => e != entry).Skip(1).Any()) throw new RuleBrokenException("R1", "entries follow the workflow's end");
        }

        if (!ended.Contains(0) && !isTerminated) throw new RuleBrokenException("R1", "the journal has no end");
    }

    /// <summary>D2, from the entries alone: each outcome in the journal is of the delivery that was the newest when it came.</summary>
    private static void CheckFence(List<JournalEntry> journal)
    {
        Dictionary<ChildId, (int Attempt, int Delivery)> newest = [];
        foreach (JournalEntry entry in journal)
        {
            switch (entry)
            {
                case RetryDue due:
                    (int attempt, int delivery) = newest.GetValueOrDefault(due.Child, (1, 1));
                    newest[due.Child] = (attempt + 1, delivery + 1);
                    break;
                case DeliveriesLost lost:
                    foreach (Delivery gone in lost.Deliveries)
                    {
                        (int attempt, int delivery) current = newest.GetValueOrDefault(gone.Child, (1, 1));
                        if (gone.Number != current.delivery) throw new RuleBrokenException("D2", $"delivery {gone.Number} of {gone.Child} was lost, and the newest was {current.delivery}");
                        newest[gone.Child] = (current.attempt, current.delivery + 1);
                    }

                    break;
                case ChildEnded ended when newest.GetValueOrDefault(ended.Child, (1, 1)) != (ended.Attempt, ended.Delivery):
                    throw new RuleBrokenException("D2", $"the outcome of {ended.Child} is of attempt {ended.Attempt}, delivery {ended.Delivery}; the newest was {newest.GetValueOrDefault(ended.Child, (1, 1))}");
                default:
                    break;
            }
        }
    }

    /// <summary>R14, from the entries alone: the first word counts, of the newest delivery, and is the end of deliveries and attempts.</summary>
    private void CheckReadiness(WorkflowState state, List<JournalEntry> journal)
    {
        Dictionary<ChildId, (int Attempt, int Delivery)> newest = [];
        HashSet<ChildId> asked = [];
        HashSet<ChildId> ended = [];
        Dictionary<ChildId, (int Attempt, ChildReady Word)> ready = [];
        HashSet<ChildId> lostReady = [];
        foreach (JournalEntry entry in journal)
        {
            switch (entry)
            {
                case StartChild { GetsReady: true } start:
                    asked.Add(start.Child);
                    newest[start.Child] = (1, 1);
                    break;
                case RetryDue due when asked.Contains(due.Child):
                    if (ready.ContainsKey(due.Child)) throw new RuleBrokenException("R14", $"{due.Child} was ready, and was tried again");
                    newest[due.Child] = (newest[due.Child].Attempt + 1, newest[due.Child].Delivery + 1);
                    ended.Remove(due.Child);
                    break;
                case DeliveriesLost lost:
                    foreach (Delivery gone in lost.Deliveries.Where(gone => asked.Contains(gone.Child)))
                    {
                        if (!ready.ContainsKey(gone.Child)) newest[gone.Child] = (newest[gone.Child].Attempt, newest[gone.Child].Delivery + 1);
                        else if (!lostReady.Add(gone.Child)) throw new RuleBrokenException("R14", $"{gone.Child} was ready, and was lost twice");
                    }

                    break;
                case ChildEnded end when asked.Contains(end.Child):
                    if (_refused.Contains(new Delivery(end.Child, end.Delivery))) throw new RuleBrokenException("R14", $"delivery {end.Delivery} of {end.Child} was told that nobody waits for it, and its outcome counts");
                    if (ready.TryGetValue(end.Child, out (int Attempt, ChildReady Word) was) && (was.Attempt, was.Word.Delivery) != (end.Attempt, end.Delivery))
                        throw new RuleBrokenException("R14", $"attempt {was.Attempt}, delivery {was.Word.Delivery} of {end.Child} was ready, and attempt {end.Attempt}, delivery {end.Delivery} ended");
                    ended.Add(end.Child);
                    break;
                case ChildReady word:
                    if (!asked.Contains(word.Child)) throw new RuleBrokenException("R14", $"{word.Child} was ready, and nobody had asked");
                    if (ended.Contains(word.Child) || lostReady.Contains(word.Child)) throw new RuleBrokenException("R14", $"{word.Child} was ready after its end");
                    if (word.Delivery != newest[word.Child].Delivery) throw new RuleBrokenException("R14", $"delivery {word.Delivery} of {word.Child} was ready, and the newest was {newest[word.Child].Delivery}");
                    if (!ready.TryAdd(word.Child, (newest[word.Child].Attempt, word))) throw new RuleBrokenException("R14", $"{word.Child} was ready twice");
                    break;
                default:
                    break;
            }
        }

        foreach (ChildState child in state.Scopes.SelectMany(scope => scope.Children).Where(child => child.Start.GetsReady))
        {
            if (!ready.TryGetValue(child.Id, out (int Attempt, ChildReady Word) was))
            {
                if (child.IsReady) throw new RuleBrokenException("R14", $"{child.Start.Name} is ready, and never said so");
                if (child.Result!.Kind == OutcomeKind.Succeeded) throw new RuleBrokenException("R14", $"{child.Start.Name} succeeded, and never was ready");
                continue;
            }

            if (child.ReadyValue != was.Word.Value) throw new RuleBrokenException("R14", $"{child.Start.Name} is ready with {child.ReadyValue}; its first word was {was.Word.Value}");
            if ((child.Attempt, child.Delivery) != (was.Attempt, was.Word.Delivery)) throw new RuleBrokenException("R14", $"{child.Start.Name} was ready in attempt {was.Attempt}, delivery {was.Word.Delivery}, and has come to {child.Attempt}, {child.Delivery}");
            bool isLost = child.Result is { Kind: OutcomeKind.Failed, Failure.TypeName: var type } && type == typeof(WorkerLostException).FullName;
            if (lostReady.Contains(child.Id) != isLost && !(lostReady.Contains(child.Id) && child.Result!.Kind == OutcomeKind.Cancelled))
                throw new RuleBrokenException("R14", $"{child.Start.Name} was ready, was {(isLost ? "not " : "")}lost, and ended as {child.Result!.Kind}: {child.Result.Failure?.Message}");
        }
    }

    /// <summary>R16 of those that never got ready: whose start or end was looked at does not count, unless the code let it through; others do.</summary>
    private void CheckAwaited(WorkflowState state, List<JournalEntry> journal, ScriptWorkflow replayed)
    {
        HashSet<ChildId> inCheckpoints = [.. journal.OfType<EndScope>().SelectMany(end => (IEnumerable<ChildId>)[.. end.Awaited ?? [], .. end.AwaitedStarts ?? []])];
        foreach (ScopeState scope in state.Scopes.Where(scope => scope.Owner?.Start.Kind == ChildKind.Group && !state.IsTerminated))
        {
            HashSet<string> named = [.. scope.Result!.Failure is { } failure ? NamesIn(failure) : []];
            foreach (ChildState child in scope.Children.Where(child => child.Start.GetsReady && !child.IsReady && child.Result!.Kind is OutcomeKind.Failed or OutcomeKind.Abandoned))
            {
                string name = child.Start.Name;
                bool awaited = inCheckpoints.Contains(child.Id) || replayed.Awaited.Contains(name);
                // What code inside its own checkpoint looked at is known of turns that may not be journaled: neither way can be told.
                bool isKnown = awaited || !_world.WasEverAwaited(name);
                if (!awaited && isKnown && _groups[scope.Name].Policy != GroupPolicy.Settle && !named.Contains(name))
                    throw new RuleBrokenException("R16", $"{name} never got ready, nobody looked at it, and the failure of {scope.Name} has nothing of it");
                if (awaited && _leaves[name].Isolated && named.Contains(name)) throw new RuleBrokenException("R16", $"{name} never got ready, was looked at, and counts in {scope.Name}");
                if (replayed.LetThrough.Contains(name) && !named.Contains(name)) throw new RuleBrokenException("R16", $"{name} never got ready, the code let that through, and the failure of {scope.Name} has nothing of it");
            }
        }
    }

    private void CheckOutcomes(WorkflowState state, Watcher watcher)
    {
        foreach (ScopeState scope in state.Scopes)
        {
            if (scope.Result is null) throw new RuleBrokenException("R1", $"scope {scope.Id} ({scope.Name}) has not ended, the workflow has");
            foreach (ChildState child in scope.Children)
            {
                if (watcher.Ends.GetValueOrDefault(child.Id) != 1) throw new RuleBrokenException("D2", $"{child.Start.Name} has {watcher.Ends.GetValueOrDefault(child.Id)} outcomes");
                if (child.Result!.Kind is OutcomeKind.Cancelled or OutcomeKind.NotStarted && scope.Cause is null) throw new RuleBrokenException("R4", $"{child.Start.Name} is {child.Result.Kind}, and nobody cancelled its scope");
                if (child.Result.Kind == OutcomeKind.Abandoned) CheckAbandoned(child);
                if (!_leaves.TryGetValue(child.Start.Name, out LeafNode? leaf)) continue;
                if (leaf.Behaviour is Behaviour.Ignore or Behaviour.EndLate && child.Result.Kind == OutcomeKind.Succeeded) throw new RuleBrokenException("R9", $"{leaf.Name} ({leaf.Behaviour}) succeeded, and can only have done so late");
                if (child.Attempt > leaf.Attempts) throw new RuleBrokenException("R12", $"{leaf.Name} had {child.Attempt} attempts of {leaf.Attempts}");
                if (child.LostDeliveries > Transitions.MaxDeliveries) throw new RuleBrokenException("D2", $"{leaf.Name} lost {child.LostDeliveries} deliveries in one attempt");
                bool mayFail = leaf.Behaviour is not (Behaviour.Succeed or Behaviour.SucceedWhenCancelled or Behaviour.WaitForCancel or Behaviour.Ignore or Behaviour.EndLate) || child.LostDeliveries == Transitions.MaxDeliveries
                    || (leaf.GetsReady && (child.IsReady ? child.LostDeliveries > 0 : leaf.Behaviour == Behaviour.Succeed));
                if (child.Result.Kind == OutcomeKind.Failed && !mayFail) throw new RuleBrokenException("R4", $"{leaf.Name} ({leaf.Behaviour}) failed: {child.Result.Failure}");
            }
        }

        foreach ((int scope, int most) in watcher.MostPlaces)
        {
            if (state.Scopes[scope].Settings.MaxConcurrency is { } max && most > max) throw new RuleBrokenException("R11", $"{most} children at once in scope {scope}, {max} allowed");
        }
    }

    /// <summary>R9: only a leaf that was cancelled, and not before its grace was over.</summary>
    private static void CheckAbandoned(ChildState child)
    {
        ScopeState scope = child.Scope;
        if (!child.IsLeaf) throw new RuleBrokenException("R9", $"{child.Start.Name} is a {child.Start.Kind}, and was abandoned");
        if (scope.Cause is null) throw new RuleBrokenException("R9", $"{child.Start.Name} was abandoned, and nobody cancelled its scope");
        // A shield counts from the cause's arrival, so that the cause may be older than the cancellation: never younger.
        if (child.EndedAt < scope.Cause.At + scope.GracePeriod) throw new RuleBrokenException("R9", $"{child.Start.Name} was abandoned {child.EndedAt - scope.Cause.At} after its scope was cancelled, and had {scope.GracePeriod}");
    }

    /// <summary>D3: each signal ends at most one wait, of its own name; no wait ends without one.</summary>
    private static void CheckSignals(WorkflowState state)
    {
        HashSet<string> taken = [];
        foreach (ChildState child in state.Scopes.SelectMany(scope => scope.Children))
        {
            if (child.Start.Kind == ChildKind.Delay && child.Result!.Kind == OutcomeKind.Succeeded && child.EndedAt < child.StartedAt + child.Start.Delay)
                throw new RuleBrokenException("D3", $"a delay of {child.Start.Delay} ended after {child.EndedAt - child.StartedAt}");
            if (child.Start.Kind != ChildKind.Signal || child.Result!.Kind != OutcomeKind.Succeeded) continue;
            string value = child.Result.Value!.Trim('"');
            if (!value.StartsWith(child.Start.Name, StringComparison.Ordinal)) throw new RuleBrokenException("D3", $"{child.Start.Name} got {value}");
            if (!taken.Add(value)) throw new RuleBrokenException("D3", $"two waits got {value}");
        }
    }

    /// <summary>R3, R10, R16: a throwing group ends with every failure that counts, and none that did not happen.</summary>
    private void CheckFailures(WorkflowState state, List<JournalEntry> journal)
    {
        foreach (ScopeState scope in state.Scopes)
        {
            if (scope.Owner?.Start.Kind != ChildKind.Group) continue;
            GroupNode group = _groups[scope.Name];
            string[] mustCount = [.. scope.Children
                .Where(child => child.Result!.Kind is OutcomeKind.Failed or OutcomeKind.Abandoned && !IsIsolated(child) && group.Policy != GroupPolicy.Settle && _leaves.ContainsKey(child.Start.Name))
                .Select(child => child.Start.Name)];
            // A group whose code was ended has nobody to throw to.
            if (state.IsTerminated && scope.Result is { Kind: OutcomeKind.Cancelled, Failure: null }) mustCount = [];
            if (mustCount.Length > 0 && scope.Result!.Kind != OutcomeKind.Failed) throw new RuleBrokenException("R3", $"{group.Name} ended as {scope.Result.Kind}, and {string.Join(", ", mustCount)} had failed");
            HashSet<string> named = [.. scope.Result!.Failure is { } failure ? NamesIn(failure) : []];
            foreach (string name in mustCount)
            {
                if (!named.Contains(name)) throw new RuleBrokenException("R3", $"the failure of {group.Name} has nothing of {name}: {string.Join(", ", named)}");
            }

            foreach (string name in named)
            {
                bool happened = state.Scopes.SelectMany(s => s.Children).Any(child => child.Start.Name == name && child.Result!.Kind is OutcomeKind.Failed or OutcomeKind.Abandoned);
                if (!happened) throw new RuleBrokenException("R3", $"the failure of {group.Name} has {name}, which did not fail");
            }

            if (scope.Source == CancelSource.Failure && scope.Cause!.By is { } by && scope.Children.TrueForAll(child => child.Start.Name != by || IsIsolated(child)))
                throw new RuleBrokenException("R16", $"{group.Name} was cancelled for {by}, which is isolated");
            bool failedFirst = group.Policy == GroupPolicy.FailFast && mustCount.Length > 0;
            if (failedFirst && scope.Cause is null) throw new RuleBrokenException("R3", $"{group.Name} is fail-fast, {mustCount[0]} failed, and nobody was cancelled");
        }

        // R2: nothing is started in a scope once it is cancelled, but groups that a shield covers.
        WorkflowState fold = new(SimWorld.Id);
        NoEffects nothing = new();
        foreach (JournalEntry entry in journal)
        {
            if (entry is StartChild start && start.Group?.Shield is null && fold.Scopes[start.Child.Scope].Cause is { } cause) throw new RuleBrokenException("R2", $"{start.Describe()} in a cancelled scope ({cause})");
            Transitions.Apply(fold, entry, nothing);
        }
    }

    /// <summary>D1: the code repeats its journal to the letter, and ends with the same value.</summary>
    /// <returns>The code that has repeated it.</returns>
    private ScriptWorkflow CheckReplay(List<JournalEntry> journal, WorkflowState state)
    {
        string? seen = _world.Seen;
        ScriptWorkflow code = _world.NewCode();
        WorkflowRun run = SimWorld.NewRun(code);
        run.Replay(journal);
        if (run.Stuck is { } stuck) throw new RuleBrokenException("D1", $"the finished journal does not replay: {stuck.Message}");
        if (run.State.Result != state.Result && (run.State.Result?.Kind, run.State.Result?.Value) != (state.Result?.Kind, state.Result?.Value))
            throw new RuleBrokenException("D1", $"the replay ended with {run.State.Result}, the workflow with {state.Result}");
        if (state.IsTerminated && state.Result is not { Kind: OutcomeKind.Failed, Failure.TypeName: "Sheaf.WorkflowTerminatedException" }) throw new RuleBrokenException("D3", $"the workflow was terminated, and ended with {state.Result}");
        // Of a code that was ended nothing runs again.
        if (seen is not null && seen != code.Seen && !state.IsTerminated) throw new RuleBrokenException("D1", $"the replay saw {code.Seen}, the workflow {seen}");
        return code;
    }

    /// <summary>The state as the journal has it now.</summary>
    public WorkflowState Fold() => Fold(_world.Journal.Durable, new NoEffects());

    private static WorkflowState Fold(IEnumerable<JournalEntry> entries, NoEffects effects)
    {
        WorkflowState state = new(SimWorld.Id);
        if (effects is Watcher watcher) watcher.State = state;
        foreach (JournalEntry entry in entries) Transitions.Apply(state, entry, effects);
        return state;
    }

    /// <summary>R14: one that never got ready is its starter's affair.</summary>
    private static bool IsIsolated(ChildState child) => child.Start.Isolated || (child.Start.GetsReady && !child.IsReady);

    /// <summary>The names of the leaves that failed: each says its own, in quotes or before "failed".</summary>
    private IEnumerable<string> NamesIn(Failure failure)
    {
        if (failure.IsGroup) return failure.Inner.SelectMany(NamesIn);
        return _leaves.Keys.Where(name => failure.Message == $"{name} failed" || failure.Message.StartsWith($"Child '{name}' was ", StringComparison.Ordinal) || failure.Message.StartsWith($"Child '{name}' ended ", StringComparison.Ordinal));
    }

    private void Index(Node node)
    {
        switch (node)
        {
            case LeafNode leaf:
                _leaves.Add(leaf.Name, leaf);
                break;
            case WaitNode { Seconds: null } signal:
                Signals.Add((signal.Name, $"{signal.Name}-{Signals.Count}"));
                break;
            case WaitNode:
                break;
            case GroupNode group:
                _groups.Add(group.Name, group);
                foreach (Node child in group.Children) Index(child);
                break;
            case BranchNode branch:
                foreach (GroupNode child in branch.Groups) Index(child);
                break;
            default:
                throw new InvalidOperationException($"No such node: {node}.");
        }
    }

    /// <summary>Counts what a fold brings about.</summary>
    private sealed class Watcher : NoEffects
    {
        public WorkflowState? State { get; set; }

        public Dictionary<ChildId, int> Ends { get; } = [];

        public Dictionary<int, int> MostPlaces { get; } = [];

        public override void ChildEnded(ChildState child) => Ends[child.Id] = Ends.GetValueOrDefault(child.Id) + 1;

        public override void Dispatch(ChildState child) => Count(child.Scope);

        public override void CodeBegins(ChildState child) => Count(child.Scope);

        private void Count(ScopeState scope)
        {
            int now = scope.Children.Count(child => (child.Start.Kind is ChildKind.Worker or ChildKind.Step or ChildKind.Branch) && (child.Status is ChildStatus.Running or ChildStatus.BackingOff));
            MostPlaces[scope.Id] = Math.Max(MostPlaces.GetValueOrDefault(scope.Id), now);
        }
    }
}
