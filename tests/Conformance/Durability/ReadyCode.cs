namespace Sheaf.Conformance;

/// <summary>What a child that gets ready meets.</summary>
/// <param name="Stage">The test's stage.</param>
/// <param name="Before">What it does before it says that it is ready.</param>
/// <param name="After">What it does then.</param>
public sealed record ReadyWork(string Stage, Act Before, Act After)
{
    /// <summary>What it is ready with; null where it never says so.</summary>
    public string? Value { get; init; } = "port 80";

    /// <summary>How much longer that is.</summary>
    public int Padding { get; init; }

    /// <summary>How often it says so.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Whether it waits for the answer.</summary>
    public bool Waits { get; init; } = true;
}

public sealed record ReadyPlan(ReadyWork Work)
{
    public GroupPolicy Policy { get; init; }

    public bool Isolated { get; init; }

    public int Attempts { get; init; } = 1;

    /// <summary>Whether the code awaits the start, and whether it goes on where that throws.</summary>
    public bool Awaits { get; init; } = true;

    public bool Catches { get; init; }

    /// <summary>Whether the start is awaited inside a checkpoint.</summary>
    public bool InCheckpoint { get; init; }

    /// <summary>What a sibling does meanwhile, and is waited for.</summary>
    public Act Sibling { get; init; } = new Succeed();

    /// <summary>Whether the code cancels the group in the end.</summary>
    public bool Cancels { get; init; } = true;
}

/// <summary>Starts a child that gets ready, uses what it is ready with, and cancels it.</summary>
[Workflow("ready/v1")]
public sealed class ReadyWorkflow : Workflow<ReadyPlan, string>
{
    public override async Task<string> RunAsync(ReadyPlan input, WorkflowContext workflow)
    {
        string got = "nothing";
        await workflow.GroupAsync(
            "g",
            async group =>
            {
                ChildStart<string, string> start = group.StartAsync("server", Run.Worker<ReadyServer>(), input.Work, new()
                {
                    Isolated = input.Isolated,
                    Retry = input.Attempts > 1 ? new RetryPolicy { MaxAttempts = input.Attempts, InitialDelay = TimeSpan.Zero } : null,
                });
                ChildTask<string> sibling = group.Start("sibling", Run.Worker<PlanWorker>(), new PlanWork(input.Work.Stage, "sibling", input.Sibling));
                if (input.InCheckpoint) got = await group.GroupAsync("inside", _ => ReadAsync(start, input), new() { Checkpoint = true });
                else if (input.Awaits) got = await ReadAsync(start, input);
                await sibling;
                if (input.Cancels) group.Cancel("it is needed no longer");
            },
            new() { Policy = input.Policy });
        return got;
    }

    private static async Task<string> ReadAsync(ChildStart<string, string> start, ReadyPlan input)
    {
        try
        {
            return await start;
        }
        catch (Exception error) when (input.Catches)
        {
            return $"{error.GetType().Name}: {error.Message}";
        }
    }
}

[Worker("ready-server/v1")]
public sealed class ReadyServer : ReadyWorker<ReadyWork, string, string>
{
    public override async Task<string> RunAsync(ReadyWork input, ReadyWorkerContext<string> context, CancellationToken cancellationToken)
    {
        await PlayAsync("before", input.Before, input, context, cancellationToken);
        for (int i = 0; i < input.Times && input.Value is not null; i++)
        {
            Task ready = context.ReadyAsync(input.Value + new string('x', input.Padding));
            if (input.Waits) await ready;
        }

        return await PlayAsync("after", input.After, input, context, cancellationToken);
    }

    private static Task<string> PlayAsync(string name, Act does, ReadyWork work, WorkerContext context, CancellationToken cancellationToken)
    {
        Stage stage = Stage.Of(work.Stage);
        stage.Deliveries.Enqueue(new DeliverySeen(name, context.Attempt, context.FencingToken, context.IdempotencyKey, context.Deadline));
        ActorWorld world = new(
            stage, name, context.Attempt, () => context.CancellationCause, (_, _) => throw new NotSupportedException("This one has no siblings."), _ => throw new NotSupportedException("A worker cannot cancel its group."));
        return Actor.PlayAsync(world, does, cancellationToken);
    }
}
