using System.Diagnostics;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>A workflow as the child of another: started once under its id, and waited for.</summary>
/// <remarks>It does not end with its parent's owner: the next owner starts it, finds that it is there, and waits on.</remarks>
internal sealed class WorkflowLeaf(HostContext host, WorkflowId workflow, RunWorkflow run, LeafScope scope, Action<LeafEnded> onEnded)
    : Leaf(host, workflow, run.Child, run.Attempt, run.Delivery, run.Name, run.Timeout, scope, onEnded)
{
    /// <summary>What the workflow is told where its attempt's time is up. In its journal, from which a later owner of the parent knows why it ended.</summary>
    private const string TimeIsUp = "its time is up";

    public override bool EndsWithHost => false;

    public override (string? Worker, string? Input) Call => (run.Workflow, run.Input);

    /// <summary>It is one delivery over all owners: what has passed under earlier ones counts, and so does downtime.</summary>
    protected override TimeSpan? TimeLeft
    {
        get
        {
            if (run.Timeout is not { } timeout) return null;
            TimeSpan left = Transitions.Later(run.AttemptAt, timeout) - Host.Time.GetUtcNow();
            return left < TimeSpan.Zero ? TimeSpan.Zero : left < timeout ? left : timeout;
        }
    }

    /// <summary>The id that it has been given tells the runs apart.</summary>
    protected override int Run => 0;

    protected override string? TraceParent => run.TraceParent;

    protected override async ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        NestedWorkflow nested = new(Workflow, new WorkflowId(run.Id), run.Workflow, run.Input ?? "null", new Begin(Activity.Current?.Id ?? run.TraceParent, run.Deadline));
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(Host.Stopping);
        CancellationTokenRegistration registration = default;
        try
        {
            WorkflowEnd end = await Host.Nested.RunAsync(nested, () => registration = token.UnsafeRegister(_ => OnSignalled(nested, waiting), null), waiting.Token).ConfigureAwait(false);
            return ToEnd(nested.Id, end, token.IsCancellationRequested);
        }
        finally
        {
            await registration.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Its scope is cancelled, or this host has nothing to do with it any more: then the workflow is another's child now.</summary>
    private void OnSignalled(NestedWorkflow nested, CancellationTokenSource waiting)
    {
        if (Scope.IsAbandoned) waiting.Cancel();
        else Host.Nested.Cancel(nested, Scope.Cause?.ToString() ?? TimeIsUp);
    }

    private (WorkEnd End, string? Value) ToEnd(WorkflowId id, WorkflowEnd end, bool isSignalled) => end.Result switch
    {
        { Kind: OutcomeKind.Succeeded, Value: var value } => (WorkEnd.Succeeded, value),
        { Failure: { } failure } => (WorkEnd.Failed(failure.ToException(Host.Options.FailureTypes)), null),
        _ when isSignalled => (WorkEnd.Cancelled, null),
        // By an earlier owner of the parent, whose timer it was.
        _ when end.Cause is { Kind: CancellationCauseKind.Requested, Reason: TimeIsUp } asked && asked.By == Workflow.Value => (TimedOut(), null),
        // Cancelled by somebody else, as a timeout is (R4).
        _ => (WorkEnd.Failed(new OperationCanceledException($"Workflow '{id}' was cancelled{(end.Cause is { } cause ? $": {cause}" : "")}.")), null),
    };
}
