namespace Sheaf.Engine;

/// <summary>Turns journal entries into the events that a watcher sees, by folding them.</summary>
internal sealed class EventView(WorkflowId id) : NoEffects
{
    private readonly WorkflowState _state = new(id);
    private readonly List<WorkflowEvent> _events = [];
    private long _sequence;

    public bool HasEnded => _state.HasEnded;

    public IReadOnlyList<WorkflowEvent> Add(long sequence, JournalEntry entry)
    {
        _events.Clear();
        _sequence = sequence;
        int attempt = entry is ChildEnded { Child: var endedId } ? _state.Find(endedId)?.Attempt ?? 0 : 0;
        Transitions.Apply(_state, entry, this);
        switch (entry)
        {
            case WorkflowStarted:
                Raise(WorkflowEventKind.WorkflowStarted, []);
                break;
            case WorkflowContinued:
                Raise(WorkflowEventKind.WorkflowContinued, []);
                break;
            case StartChild start:
                RaiseFirst(Of(WorkflowEventKind.ChildStarted, _state.Find(start.Child)!));
                break;
            case ChildSpawned spawned when _state.Find(spawned.Parent)?.Scope.Children.FindLast(child => child.Start.Name == spawned.Name) is { } sibling:
                RaiseFirst(Of(WorkflowEventKind.ChildStarted, sibling));
                break;
            case ChildEnded ended when _state.Find(ended.Child) is { Status: ChildStatus.BackingOff } child:
                _events.Add(Of(WorkflowEventKind.AttemptFailed, child) with { Failure = child.LastFailure, Attempt = attempt });
                break;
            case DeliveriesLost lost:
                foreach (Delivery delivery in lost.Deliveries)
                {
                    if (_state.Find(delivery.Child) is { } child) RaiseFirst(Of(WorkflowEventKind.DeliveryLost, child));
                }

                break;
            default:
                break;
        }

        return [.. _events];
    }

    public override void ChildEnded(ChildState child) =>
        _events.Add(Of(WorkflowEventKind.ChildEnded, child) with { Outcome = child.Result!.Kind, Failure = Descriptions.FailureOf(child) });

    public override void ChildReady(ChildState child) => _events.Add(Of(WorkflowEventKind.ChildReady, child));

    public override void ScopeCancelled(ScopeState scope) =>
        _events.Add(new WorkflowEvent(_sequence, _state.Now, WorkflowEventKind.Cancelled, scope.Owner is { } owner ? PathOf(owner) : []) { Cause = scope.Cause });

    public override void WorkflowEnded(Result result) =>
        _events.Add(new WorkflowEvent(_sequence, _state.Now, WorkflowEventKind.WorkflowEnded, []) { Outcome = result.Kind, Failure = result.Failure });

    private void Raise(WorkflowEventKind kind, IReadOnlyList<string> path) => _events.Add(new WorkflowEvent(_sequence, _state.Now, kind, path));

    /// <summary>A start comes before what it brought about.</summary>
    private void RaiseFirst(WorkflowEvent @event) => _events.Insert(0, @event);

    private WorkflowEvent Of(WorkflowEventKind kind, ChildState child) => new(_sequence, _state.Now, kind, PathOf(child))
    {
        Worker = child.Start.Worker,
        Silo = child.Silo,
        Attempt = child.Attempt,
    };

    private static List<string> PathOf(ChildState child)
    {
        List<string> path = [];
        for (ChildState? at = child; at is not null; at = at.Scope.Owner) path.Add(at.Start.Name);
        path.Reverse();
        return path;
    }
}
