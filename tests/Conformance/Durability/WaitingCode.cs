namespace Sheaf.Conformance;

/// <param name="Stage">The test's stage.</param>
/// <param name="For">What is waited for.</param>
/// <param name="Time">How long that takes by itself.</param>
public sealed record Wait(string Stage, string For, TimeSpan Time);

/// <summary>Waits for something of each kind, then runs a worker that says so on the stage.</summary>
[Workflow("waits/v1")]
public sealed class WaitingWorkflow : Workflow<Wait, string>
{
    public const string Delay = "delay";
    public const string Signal = "signal";
    public const string Deadline = "deadline";
    public const string MoveOn = "move on";
    public const string Backoff = "backoff";

    public override async Task<string> RunAsync(Wait input, WorkflowContext workflow)
    {
        DateTimeOffset start = workflow.UtcNow;
        string came = await WaitAsync(input, workflow);
        TimeSpan took = workflow.UtcNow - start;
        await workflow.GroupAsync("then", async group => await group.Start("woke", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "woke", new Succeed())));
        return $"{came} after {took}";
    }

    private static async Task<string> WaitAsync(Wait input, WorkflowContext workflow)
    {
        switch (input.For)
        {
            case Signal:
                return await workflow.WaitForAsync<string>("go");
            case Deadline:
                try
                {
                    return await workflow.GroupAsync("limited", group => group.WaitForAsync<string>("go").AsTask(), new() { Deadline = input.Time });
                }
                catch (DeadlineExceededException)
                {
                    return input.For;
                }

            case MoveOn:
                await workflow.GroupAsync("limited", async group => { await group.WaitForAsync<string>("go"); }, new() { MoveOnAfter = input.Time });
                return input.For;
            case Backoff:
                return await workflow.GroupAsync("tries", async group => await group.Start("try", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "try", new FailUntil(2, new Error(ErrorType.Format, "not yet"))), new()
                {
                    Retry = new RetryPolicy { InitialDelay = input.Time, MaxDelay = input.Time, Jitter = 0 },
                }));
            default:
                await workflow.DelayAsync(input.Time);
                return input.For;
        }
    }
}
