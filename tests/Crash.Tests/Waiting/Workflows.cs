using System.Globalization;
using Sheaf.Crash.Tests.Workflows;

namespace Sheaf.Crash.Tests.Waiting;

/// <summary>Waits for 30 days and as many seconds as it is given, then starts a worker.</summary>
[Workflow("sleeps-then-echoes/v1")]
public sealed class SleepsThenEchoes : Workflow<int, string>
{
    public override async Task<string> RunAsync(int input, WorkflowContext workflow)
    {
        await workflow.DelayAsync(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(input));
        return await workflow.GroupAsync("then", async group => await group.Start("echo", Run.Worker<Echo>(), input.ToString(CultureInfo.InvariantCulture)));
    }
}

/// <summary>Waits for a signal, for a day, and for a worker.</summary>
[Workflow("waits-twice/v1")]
public sealed class WaitsTwice : Workflow<int, string>
{
    public override async Task<string> RunAsync(int input, WorkflowContext workflow)
    {
        string came = await workflow.WaitForAsync<string>("go");
        await workflow.DelayAsync(TimeSpan.FromDays(1));
        return await workflow.GroupAsync("then", async group => await group.Start("echo", Run.Worker<Echo>(), $"{came}, woke"));
    }
}

/// <summary>A delay of a day beside a worker that takes an hour.</summary>
[Workflow("sleeps-beside-a-worker/v1")]
public sealed class SleepsBesideAWorker : Workflow<int, string>
{
    public override Task<string> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("both", async group =>
    {
        ChildTask hour = group.Start("hour", Run.Worker<TakesAnHour>(), input);
        await group.DelayAsync(TimeSpan.FromDays(1));
        await hour;
        return "both";
    });
}

[Worker("takes-an-hour/v1")]
public sealed class TakesAnHour(TimeProvider time) : Worker<int, int>
{
    public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromHours(1), time, cancellationToken);
        return input;
    }
}

/// <summary>The parent of one that waits for 30 days.</summary>
[Workflow("waits-for-another/v1")]
public sealed class WaitsForAnother : Workflow<int, string>
{
    public override Task<string> RunAsync(int input, WorkflowContext workflow) =>
        workflow.GroupAsync("other", async group => await group.Start("sleeps", Run.Workflow<SleepsThenEchoes>(), input));
}
