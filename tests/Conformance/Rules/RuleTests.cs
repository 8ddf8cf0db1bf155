namespace Sheaf.Conformance;

/// <summary>The base of all suites: one host and one stage a test.</summary>
public abstract class RuleTests<THost> : IAsyncLifetime
    where THost : PlanHost, new()
{
    protected THost Host { get; } = new();

    protected Stage Stage { get; } = new();

    public virtual ValueTask InitializeAsync() => Host.StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        Stage.OpenAll();
        await Stage.GuardAsync(Host.DisposeAsync().AsTask(), "the host's end");
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins to run a plan.</summary>
    protected PlanRun Begin(GroupPlan plan, CancellationToken outside = default) => new(Stage, Host.RunAsync(Stage, plan, outside));

    /// <summary>Runs a plan to its end.</summary>
    protected Task<PlanEnd> RunAsync(GroupPlan plan) => Begin(plan).EndAsync();

    /// <summary>Waits until a timer that is due in this time is running, then lets that time pass.</summary>
    protected async Task PassAsync(TimeSpan time, int timers = 1)
    {
        await Stage.GuardAsync(Host.Time.TimerStarted(time, timers), $"timer {timers} that is due in {time}");
        Host.Time.Advance(time);
    }

    protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    protected static Error Bad(string message = "bad") => new(ErrorType.Format, message);
}

/// <summary>A plan that runs.</summary>
public sealed class PlanRun(Stage stage, Task<string> end)
{
    public bool HasEnded => end.IsCompleted;

    /// <summary>Waits for the end. R1 is checked each time: nothing of the plan runs any more, but what was given up (R9).</summary>
    /// <param name="stillRunning">How many children were given up and run.</param>
    public async Task<PlanEnd> EndAsync(int stillRunning = 0)
    {
        string? value = null;
        Exception? error = null;
        try
        {
            value = await stage.GuardAsync(end, "the end of the group");
        }
        catch (Exception thrown) when (end.IsCompleted)
        {
            error = thrown;
        }

        Assert.Equal(stillRunning, stage.Running);
        return new PlanEnd(stage, value, error);
    }
}

/// <summary>How a plan ended.</summary>
/// <param name="Stage">Its stage.</param>
/// <param name="Value">The value; null where there is none.</param>
/// <param name="Error">What its caller saw: the exception itself in the same process, what crossed the wire from a durable host.</param>
public sealed record PlanEnd(Stage Stage, string? Value, Exception? Error)
{
    /// <summary>What the group threw, where it was awaited.</summary>
    public Exception? Thrown => Stage.Thrown;

    /// <summary>The exception group that the group threw.</summary>
    public ExceptionGroup Failures => Assert.IsType<ExceptionGroup>(Thrown);

    /// <summary>The exception group that the caller saw.</summary>
    public ExceptionGroup CallersFailures => Assert.IsType<ExceptionGroup>(Error);

    public IReadOnlyList<string> Messages => [.. Failures.Leaves.Select(leaf => leaf.Exception.Message)];

    public string Returned
    {
        get
        {
            if (Error is not null) Assert.Fail($"It threw instead of returning: {Error}");
            return Value!;
        }
    }

    public Outcome OutcomeOf(string group, string child) => Assert.Single(Stage.Outcomes[group], outcome => outcome.Name == child);

    public OutcomeKind KindOf(string group, string child) => OutcomeOf(group, child).Kind;
}
