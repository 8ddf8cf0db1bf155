using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Runs all leaves of a workflow in this process: the embedded host's way.</summary>
internal sealed class LocalChildren(WorkflowId workflow, HostContext host, Action<Letter> post) : IChildRunner
{
    private readonly LeafPool _leaves = new(workflow, host, ended => post(new Letter(ended)), ask =>
    {
        LetterAnswer answer = new();
        post(new Letter(ask, answer));
        return answer.Task;
    });

    public IRunningView View { get; } = new SameProcess();

    public IReadOnlyList<Delivery> EndingWithHost => [.. _leaves.EndingWithHost];

    public bool Has(Delivery delivery) => _leaves.Has(delivery);

    /// <summary>An earlier owner was an earlier process, and took its leaves with it.</summary>
    public void Attach(IReadOnlyList<Delivery> deliveries)
    {
        if (deliveries.Count > 0) post(new Letter(new Lost(deliveries, "the host was stopped or started again")));
    }

    /// <summary>There is no other host than this one.</summary>
    public string? WhyNever(DispatchWorker dispatch) => host.Registry.Workers.Has(dispatch.Worker) ? null : host.Registry.Workers.Missing(dispatch.Worker);

    public void Start(DispatchWorker dispatch) => _leaves.Start(dispatch);

    public void Start(RunStep step) => _leaves.Start(step);

    public void Start(RunWorkflow run) => _leaves.Start(run);

    public void Flush()
    {
        // Each is on its way already.
    }

    public void Cancel(int scope, CancellationCause cause) => _leaves.Cancel(scope, cause);

    public void Close(int scope) => _leaves.Close(scope);

    public void OnApplied(ChildId child, int delivery) => _leaves.OnApplied(child, delivery);

    public void Abandon(CancellationCause cause) => _leaves.Abandon(cause);

    /// <summary>Nothing waits for a place here, and a signal is there with its request.</summary>
    private sealed class SameProcess : IRunningView
    {
        public IReadOnlyDictionary<ChildId, string> WhyWaiting() => new Dictionary<ChildId, string>();

        public bool IsSignalled(ChildId child) => true;
    }
}
