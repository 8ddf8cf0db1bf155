namespace Sheaf.Engine;

/// <summary>
/// One execution of a workflow's code over its state: delivers an event, runs the code until it waits, and has what it
/// did as entries and requests (D1). Started anew it repeats its journal and compares.
/// </summary>
/// <remarks>
/// Not thread-safe: its owner calls it, one turn at a time. No clock, no I/O: the owner journals what a turn gives, and
/// carries out the requests after.
/// </remarks>
internal sealed partial class WorkflowRun : IEffects
{
    private readonly WorkflowScheduler _scheduler;
    private readonly Func<WorkflowContext, Task<string?>> _code;

    // The same for every turn.
    private readonly Action<JournalEvent> _deliver;
    private readonly Func<bool> _goOn;

    /// <summary>Makes the handle of a child that the code is starting; taken when the state first speaks of the child.</summary>
    private readonly Dictionary<ChildId, Func<ChildState, IWorkflowChild>> _starting = [];

    /// <summary>The bodies of branches and groups that have not begun.</summary>
    private readonly Dictionary<ChildId, Func<ScopeCode, IWorkflowChild, Task>> _codes = [];
    private readonly Dictionary<ChildId, StepWork> _steps = [];
    private readonly List<ScopeCode?> _scopes = [];
    private readonly List<Request> _requests = [];

    /// <summary>Scopes whose tokens are to be signalled. Invariant: empty between transitions.</summary>
    private readonly Queue<ScopeCode> _signals = new();

    /// <summary>Which child failed with an exception; where several did with one instance, the last.</summary>
    private readonly Dictionary<Exception, ChildState> _failed = new(ReferenceEqualityComparer.Instance);

    /// <summary>The commands of the current turn.</summary>
    private readonly List<JournalCommand> _commands = [];

    /// <summary>What the journal says of the current turn, on replay; null when live.</summary>
    private ReplayTurn? _replay;

    // The number of the first entry of the replay, for messages.
    private long _firstSequence;

    // Set once, by any thread.
    private WorkflowStuckException? _stuck;

    // Set by its owner, once; looked at by any thread.
    private volatile bool _isCodeOver;

    public WorkflowRun(WorkflowId id, Func<WorkflowContext, Task<string?>> code, Payloads payloads, FailureTypes? types, IServiceProvider? services = null)
    {
        State = new WorkflowState(id);
        Payloads = payloads;
        Types = types;
        Services = services;
        _code = code;
        _deliver = Deliver;
        _goOn = GoOn;
        _scheduler = new WorkflowScheduler(place => GetStuck(
            $"{place} went on outside a turn: it awaited something that is not the workflow's own, such as Task.Delay or an HttpClient. Put it into a step."));
    }

    public WorkflowState State { get; }

    public Payloads Payloads { get; }

    public FailureTypes? Types { get; }

    /// <summary>The services of the host that runs it; null where there is no host.</summary>
    public IServiceProvider? Services { get; }

    /// <summary>Raised, on any thread, when the code gets stuck between turns.</summary>
    public Action? OnStuck { get; set; }

    /// <summary>Why the code cannot go on; null while it can, and where it need not any more.</summary>
    public WorkflowStuckException? Stuck => _isCodeOver ? null : Volatile.Read(ref _stuck);

    /// <summary>Whether no code is run: the workflow was terminated, or is about to be.</summary>
    public bool IsCodeOver => _isCodeOver;

    /// <summary>Delivers an event and runs the code until it waits.</summary>
    /// <returns>The event and the commands: to be journaled together. Not to be journaled if the run is stuck afterwards.</returns>
    public IReadOnlyList<JournalEntry> Turn(JournalEvent @event)
    {
        _commands.Clear();
        _scheduler.RunTurn(_deliver, @event, _goOn);
        return [@event, .. _commands];
    }

    /// <summary>
    /// Runs the journaled turns again and compares. Their requests are dropped: <see cref="Owed"/> says what is still due.
    /// </summary>
    /// <returns>
    /// What the code did beyond its journal: the last turn may go on. That is how code that was stuck in it goes on once it is
    /// mended. To be journaled before anything else; its requests are those that <see cref="TakeRequests"/> gives.
    /// </returns>
    /// <param name="entries">The entries of the workflow's last run.</param>
    /// <param name="first">The number of the first one in the journal, for messages.</param>
    public IReadOnlyList<JournalEntry> Replay(IReadOnlyList<JournalEntry> entries, long first = 0)
    {
        if (entries.Any(entry => entry is WorkflowTerminated)) return Fold(entries, first);
        CheckBegin(entries, first);
        _firstSequence = first;
        LookAhead(entries);
        int next = 0;
        IReadOnlyList<JournalEntry> beyond = [];
        while (next < entries.Count && Stuck is null)
        {
            JournalEvent @event = (JournalEvent)entries[next];
            int end = next + 1;
            while (end < entries.Count && entries[end] is JournalCommand) end++;
            _replay = new ReplayTurn(entries, next + 1, end);
            IReadOnlyList<JournalEntry> turn = Turn(@event);
            if (end == entries.Count) beyond = [.. turn.Skip(end - next)];
            if (Stuck is null && _replay.Missing is { } missing)
                GetStuck(new NonDeterministicWorkflowException(Differs(missing.Index, missing.Command, "it did nothing more in that turn")));
            next = end;
        }

        if (beyond.Count == 0 || Stuck is not null) _requests.Clear();
        _replay = null;
        return beyond;
    }

    /// <summary>Takes the state from the journal, without the code: that is over, and turns are nothing but their events.</summary>
    /// <returns>As <see cref="Replay"/>: nothing, since code does nothing beyond.</returns>
    public IReadOnlyList<JournalEntry> Fold(IReadOnlyList<JournalEntry> entries, long first = 0)
    {
        CheckBegin(entries, first);
        _isCodeOver = true;
        try
        {
            foreach (JournalEntry entry in entries) Transitions.Apply(State, entry, this);
        }
        catch
        {
            // No state to go on from, with code or without.
            _isCodeOver = false;
            throw;
        }

        _requests.Clear();
        return [];
    }

    private void CheckBegin(IReadOnlyList<JournalEntry> entries, long first)
    {
        if (entries is [JournalCommand command, ..])
            throw new InvalidOperationException($"Entry {first} of workflow '{State.Id}' is {command.GetType().Name}: a turn begins with an event. The journal is damaged.");
    }

    /// <summary>Its journal cannot be run again: no turn will.</summary>
    public void Refuse(WorkflowStuckException reason) => GetStuck(reason);

    /// <summary>Takes the requests gathered since the last call.</summary>
    public IReadOnlyList<Request> TakeRequests()
    {
        Request[] requests = [.. _requests];
        _requests.Clear();
        return requests;
    }

    public CancellationToken TokenOf(ScopeState scope) => CodeOf(scope).Token;

    /// <summary>Workflow code calls the workflow on its turn or not at all (D3).</summary>
    /// <param name="call">What the code called, for the error.</param>
    /// <param name="of">Whose it is, if anybody's.</param>
    public void CheckOnTurn(string call, string? of = null)
    {
        if (Stuck is { } stuck) throw new WorkflowStuckException($"The workflow is stuck: {stuck.Message}", stuck);
        if (_scheduler.IsOnTurn) return;
        throw GetStuck($"{call}{(of is null ? "" : $" '{of}'")} came from outside the workflow's turn, as after Task.Run or ConfigureAwait(false). Use neither in workflow code; put such work into a step or a worker.");
    }

    private void Deliver(JournalEvent @event)
    {
        if (@event is WorkflowTerminated) _isCodeOver = true;
        Apply(@event);
        if (@event is WorkflowStarted or WorkflowContinued && !_isCodeOver) BeginWorkflow();
    }

    private void Emit(JournalCommand command)
    {
        if (_replay is { } replay)
        {
            ApplySkipped();
            // What is applied is what was journaled: texts such as a failure's stack must not come from this run.
            JournalCommand? journaled = replay.Next();
            if (journaled is null && replay.IsLast)
            {
                // Everything before this is owed by the state; what comes now is asked for.
                if (!replay.IsBeyond) _requests.Clear();
                replay.IsBeyond = true;
                journaled = command;
            }

            if (journaled is null || !journaled.IsSameAs(command))
                throw GetStuck(new NonDeterministicWorkflowException(Differs(replay.LastIndex, journaled, $"it did this instead: {command.Describe()}")));
            command = journaled;
        }

        _commands.Add(command);
        Apply(command);
    }

    /// <summary>
    /// Applies an entry, and only then signals the tokens of the scopes that it cancelled, in that order: what is registered there
    /// is workflow code, whose commands must not come into the middle of a transition. It runs before whoever emitted the entry goes
    /// on, so that code which cancels sees its token signalled; what it emits itself is applied and signalled in the same way.
    /// </summary>
    private void Apply(JournalEntry entry)
    {
        Transitions.Apply(State, entry, this);
        while (_signals.TryDequeue(out ScopeCode? code)) code.Cancel();
    }

    private string Differs(int index, JournalCommand? journaled, string instead) =>
        $"Workflow '{State.Id}' differs from its journal at entry {_firstSequence + index}. Journaled: {journaled?.Describe() ?? "the end of the turn"}. The code now: {instead}. " +
        "Nothing is lost: bring the code back to what it did, or ask workflow.Changed where it goes another way, and RetryAsync or a start of the host goes on.";

    private WorkflowStuckException GetStuck(string reason) => GetStuck(new WorkflowStuckException($"Workflow '{State.Id}' is stuck: {reason}"));

    private WorkflowStuckException GetStuck(WorkflowStuckException reason)
    {
        if (Interlocked.CompareExchange(ref _stuck, reason, null) is { } earlier) return earlier;
        OnStuck?.Invoke();
        return reason;
    }

    private ScopeCode CodeOf(ScopeState scope)
    {
        while (_scopes.Count <= scope.Id) _scopes.Add(null);
        return _scopes[scope.Id] ??= new ScopeCode(scope);
    }

    /// <summary>The journaled commands of one turn, in the order in which the code has to repeat them.</summary>
    private sealed class ReplayTurn(IReadOnlyList<JournalEntry> entries, int begin, int end)
    {
        private int _next;

        /// <summary>The entry that <see cref="Next"/> gave last, or where it found none.</summary>
        public int LastIndex => Math.Min(begin + _next - 1, end - 1);

        public (int Index, JournalCommand Command)? Missing => Peek is { } command ? (Position, command) : null;

        /// <summary>Whether nothing is journaled after this turn.</summary>
        public bool IsLast => end == entries.Count;

        /// <summary>Whether the code has gone on beyond what is journaled.</summary>
        public bool IsBeyond { get; set; }

        /// <summary>The command that <see cref="Next"/> gives next; null at the end of the turn.</summary>
        public JournalCommand? Peek => Position < end ? (JournalCommand)entries[Position] : null;

        private int Position => begin + _next;

        public JournalCommand? Next()
        {
            if (Peek is not { } command) return null;
            _next++;
            return command;
        }
    }
}
