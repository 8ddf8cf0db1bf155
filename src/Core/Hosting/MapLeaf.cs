using System.Text;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a part of a map (R15): a local group runs the worker for each input, and all their values are one.</summary>
/// <remarks>Each input has its own instance of the worker, its own attempts and its own key. Fail-fast and the merging of failures are the local group's.</remarks>
internal sealed class MapLeaf(HostContext host, WorkflowId workflow, DispatchWorker dispatch, MapSettings map, LeafScope scope, Action<LeafEnded> onEnded, Func<LeafAsk, Task<bool>> ask)
    : Leaf(host, workflow, dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, scope, onEnded)
{
    /// <summary>Of a part that settles all failures are kept: there are about as many as inputs.</summary>
    private const int Unbounded = 1_000_000;

    // Null for inputs that have not succeeded.
    private readonly string?[] _values = new string?[map.Count];

    // The items of a part that settles, which has an outcome for each. Null for those that have not begun.
    private readonly ChildTask?[] _items = map.Policy == GroupPolicy.Settle ? new ChildTask?[map.Count] : [];
    private readonly TaskCompletionSource _allBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Inputs that have not begun, and one for their reading.
    private int _toBegin = 1;

    public override (string? Worker, string? Input) Call => (dispatch.Worker, dispatch.Input);

    public HostContext Context => Host;

    /// <summary>The local group of the items.</summary>
    public TaskGroup Group { get; private set; } = null!;

    /// <summary>What each item is allowed.</summary>
    public ChildOptions ItemOptions { get; } = new() { Retry = map.Retry?.ToPolicy() };

    public CodeMaker Maker { get; private set; } = null!;

    /// <summary>What the items read their inputs from.</summary>
    public MapInputs Inputs { get; } = new(dispatch.Input ?? "[]", map.Count);

    /// <summary>The place in the map of the first input here.</summary>
    public int First => map.First;

    public CancellationCause? Cause => Scope.Cause;

    public string Worker => dispatch.Worker;

    public DateTimeOffset? Deadline => dispatch.Deadline;

    public Task SpawnAsync(string name, string worker, string json) => WorkerLeaf.SpawnAsync(dispatch, ask, SignalFirstAsync, name, worker, json);

    public void SetValue(int place, string? json) => _values[place] = json ?? "null";

    /// <summary>Starts an item's child.</summary>
    public void Start(int place, MapItem item)
    {
        ChildTask child = Group.StartLazilyNamed(item, ItemOptions);
        if (Settles) _items[place] = child;
    }

    public void OnBegun()
    {
        if (Interlocked.Decrement(ref _toBegin) == 0) _allBegun.SetResult();
    }

    protected override int Run => dispatch.Run;

    protected override string? TraceParent => dispatch.TraceParent;

    private bool Settles => map.Policy == GroupPolicy.Settle;

    protected override async ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        Maker = Host.MakerOf(Host.Registry.Workers.Get(dispatch.Worker));
        TaskGroupOptions options = new()
        {
            Policy = Settles ? GroupPolicy.CollectAll : map.Policy,
            TimeProvider = Host.Time,
            MaxFailures = Settles ? Unbounded : map.MaxFailures ?? FailureCollector.DefaultMaxFailures,
        };
        // Until the group has ended, when no item runs any more.
        using MapInputs inputs = Inputs;
        Task items = TaskGroup.RunAsync(BeginAsync, options, token);
        await items.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        WorkEnd end = Judge(items);
        if (Settles) return Settle(end, token.IsCancellationRequested);
        return (end, end.Kind == OutcomeKind.Succeeded ? Join() : null);
    }

    /// <summary>The outcomes are the part's value, unless it was cancelled, or failed with more than its inputs did.</summary>
    private (WorkEnd End, string? Value) Settle(WorkEnd end, bool isCancelled)
    {
        if (end.Kind == OutcomeKind.Succeeded) return (end, new MapPartEnd(Join(), [], null).ToJson());
        bool allBegan = _allBegun.Task.IsCompletedSuccessfully;
        if (isCancelled || !allBegan || end is not { Kind: OutcomeKind.Failed, Errors: [ExceptionGroup failures] }) return (end, null);
        int[] failed = [.. Enumerable.Range(0, _values.Length).Where(place => _values[place] is null)];
        // The group's own stack says how a part is run, and nothing of the failures.
        return (WorkEnd.Succeeded, new MapPartEnd(Join(), failed, Failure.From(failures) with { StackTrace = null }, RepeatedIn(failures, failed)).ToJson());
    }

    /// <summary>The failures that the group of all does not have whole, since others have failed with the same instance.</summary>
    private Failure? RepeatedIn(ExceptionGroup failures, int[] failed)
    {
        ILookup<string, Exception> whole = MapPartEnd.ByInput([failures]);
        Children repeated = new();
        foreach (Outcome item in failed.Select(place => _items[place]!.UntypedOutcome))
        {
            if (!whole[item.Name].Contains(item.Exception, ReferenceEqualityComparer.Instance)) repeated.Add(item.Exception!, [item.Origin!]);
        }

        return repeated.Count == 0 ? null : Failure.From(new ExceptionGroup(dispatch.Name, repeated, cause: null));
    }

    private Task BeginAsync(TaskGroup group)
    {
        Group = group;
        for (int place = 0; place < map.Count; place++)
        {
            Interlocked.Increment(ref _toBegin);
            Host.Items.Add(new MapItem(this, place));
        }

        OnBegun();
        return _allBegun.Task;
    }

    private string Join()
    {
        StringBuilder json = new("[");
        foreach (string? value in _values)
        {
            if (value is not null) json.Append(json.Length == 1 ? "" : ",").Append(value);
        }

        return json.Append(']').ToString();
    }
}
