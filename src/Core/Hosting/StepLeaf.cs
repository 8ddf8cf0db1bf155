using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>A step: a delegate of the workflow's, run beside it in its owner's process.</summary>
internal sealed class StepLeaf(HostContext host, WorkflowId workflow, RunStep step, LeafScope scope, Action<LeafEnded> onEnded)
    : Leaf(host, workflow, step.Child, step.Attempt, step.Delivery, step.Name, step.Timeout, scope, onEnded)
{
    protected override int Run => step.Run;

    protected override string? TraceParent => step.TraceParent;

    protected override Func<Exception, bool>? IsWorthRetry => step.Work.IsWorthRetry;

    protected override async ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        Task task = step.Work.Run(token) ?? throw LocalChild<Nothing>.NoTask(Name);
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        WorkEnd end = Judge(task);
        return (end, end.Kind == OutcomeKind.Succeeded ? step.Work.ValueOf(task) : null);
    }
}
