namespace Sheaf.Chaos.Load;

/// <summary>What an errand is given.</summary>
/// <param name="Coins">How many signals it waits for.</param>
/// <param name="Balks">For each of its workers, how many of its attempts fail before one does not.</param>
/// <param name="Inputs">What it maps over.</param>
/// <param name="Delay">How long it waits in between.</param>
public sealed record ErrandOrder(int Coins, IReadOnlyList<int> Balks, IReadOnlyList<int> Inputs, TimeSpan Delay);

/// <summary>What came of it.</summary>
public sealed record ErrandReport(int Noted, int Coins, int Balked, int Mapped);

/// <summary>A workflow with one of each: a step, signals, a delay, retries, a map, a branch, a nested group that fails.</summary>
[Workflow("errand/v1")]
public sealed class RunErrand : Workflow<ErrandOrder, ErrandReport>
{
    /// <summary>The signal that it waits for.</summary>
    public const string Coin = "coin";

    private static readonly RetryPolicy Stubborn = new() { MaxAttempts = 4, InitialDelay = TimeSpan.FromMilliseconds(50) };

    /// <inheritdoc/>
    public override async Task<ErrandReport> RunAsync(ErrandOrder input, WorkflowContext workflow)
    {
        int noted = await workflow.Step("note", _ => Task.FromResult(input.Inputs.Count));
        return await workflow.GroupAsync("errand", async group =>
        {
            ChildTask<int> coins = group.Branch("coins", async branch =>
            {
                int sum = 0;
                for (int i = 0; i < input.Coins; i++) sum += await branch.WaitForAsync<int>(Coin);
                return sum;
            });
            List<ChildTask<int>> balking = [.. input.Balks.Select((times, i) => group.Start($"balk-{i}", Run.Worker<Balk>(), times, new ChildOptions { Retry = Stubborn }))];
            ChildTask<IReadOnlyList<int>> mapped = group.MapAsync("map", Run.Worker<Balk>(), input.Inputs, new WorkflowMapOptions { InputsPerChild = 10, Retry = Stubborn });
            await group.DelayAsync(input.Delay);
            int balked = 0;
            foreach (ChildTask<int> child in balking) balked += await child;
            return new ErrandReport(noted, await coins, balked, (await mapped).Sum());
        });
    }
}

/// <summary>Fails as often as its input says, then returns it.</summary>
[Worker("balk/v1")]
public sealed class Balk : Worker<int, int>
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        return context.Attempt > input ? input : throw new InvalidOperationException($"Attempt {context.Attempt} balks.");
    }
}
