using Sheaf.Samples.FanOut;

namespace Sheaf.Chaos.Load;

/// <summary>A fan-out, of which some children fail.</summary>
internal sealed class FanOutJob(WorkflowId id, FanOutOrder order) : Job(id)
{
    private const string Faulty = "Sheaf.Samples.FanOut.Workers.FaultyPartException";

    public override string What => order.ToString();

    protected override int Leaves => order.Children;

    protected override bool IsCancelled => order is { Policy: GroupPolicy.FailFast, Fail: > 0 };

    protected override async Task<string?> AskAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        try
        {
            FanOutReport report = await client.RunAsync(Run.Workflow<FanOutAndGather>(), Id, order, CancellationToken.None).WaitAsync(cancellationToken);
            if (order.Fail > 0 && order.Policy != GroupPolicy.Settle) return $"{report} instead of failures";
            int[] good = [.. Enumerable.Range(1, order.Children).Where(number => !order.Fails(number))];
            return Compare(new FanOutReport(good.Length, good.Sum()), report);
        }
        catch (ExceptionGroup failures) when (order.Policy != GroupPolicy.Settle)
        {
            string[] types = [.. failures.Leaves.Select(leaf => (leaf.Exception as RemoteException)?.RemoteTypeName ?? leaf.Exception.GetType().FullName!)];
            bool isRight = types.All(type => type == Faulty) && (order.Policy == GroupPolicy.FailFast ? types.Length >= 1 && types.Length <= order.Fail : types.Length == order.Fail);
            return isRight ? null : failures.ToTreeString();
        }
    }
}
