using Sheaf.Samples.FanOut;

namespace Sheaf.Chaos.Load;

/// <summary>A fan-out that is cancelled, long before its children would end.</summary>
internal sealed class CancelledJob(WorkflowId id, int children, TimeSpan after) : Job(id)
{
    private const string Reason = "not wanted any more";

    public override string What => $"{children} children, cancelled after {after}";

    protected override int Leaves => children;

    protected override bool IsCancelled => true;

    protected override async Task<string?> AskAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        await client.StartAsync(Run.Workflow<FanOutAndGather>(), Id, new FanOutOrder(children, 0, TimeSpan.FromHours(1), GroupPolicy.CollectAll), cancellationToken);
        await Task.Delay(after, TimeProvider.System, cancellationToken);
        await client.CancelAsync(Id, Reason, cancellationToken);
        try
        {
            return $"{await client.ResultAsync<FanOutReport>(Id, cancellationToken)} instead of a cancellation";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            WorkflowDescription? description = await client.DescribeAsync(Id, cancellationToken);
            return Compare((WorkflowStatus.Cancelled, Reason), (description?.Status, description?.Cause?.Reason));
        }
    }
}
