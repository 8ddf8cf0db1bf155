namespace Sheaf.Chaos.Load;

/// <summary>An errand, with signals that are each sent twice, and watched to its end.</summary>
internal sealed class ErrandJob(WorkflowId id, ErrandOrder order) : Job(id)
{
    public override string What => $"errand with {order.Coins} coins, {order.Balks.Count} workers, {order.Inputs.Count} inputs";

    // The step, the workers, the parts of the map.
    protected override int Leaves => 1 + order.Balks.Count + ((order.Inputs.Count + 9) / 10);

    protected override async Task<string?> AskAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        await client.StartAsync(Run.Workflow<RunErrand>(), Id, order, cancellationToken);
        Task<int> watched = WatchAsync(client, cancellationToken);
        for (int coin = 1; coin <= order.Coins; coin++)
        {
            for (int time = 0; time < 2; time++) await client.SignalAsync(Id, RunErrand.Coin, coin, $"coin-{coin}", cancellationToken);
        }

        var expected = new ErrandReport(order.Inputs.Count, order.Coins * (order.Coins + 1) / 2, order.Balks.Sum(), order.Inputs.Sum());
        // Each end of a worker is seen once, however often its owner changed.
        return Compare(expected, await client.ResultAsync<ErrandReport>(Id, cancellationToken)) ?? Compare(Leaves - 1, await watched);
    }

    private async Task<int> WatchAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        int ended = 0;
        await foreach (WorkflowEvent happened in client.WatchAsync(Id, cancellationToken))
        {
            if (happened is { Kind: WorkflowEventKind.ChildEnded, Worker: not null }) ended++;
        }

        return ended;
    }
}
