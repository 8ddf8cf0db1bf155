using System.Globalization;

namespace Sheaf.Crash.Tests.Workflows;

/// <summary>Gives its input back.</summary>
[Worker("echo/v1")]
public sealed class Echo : Worker<string, string>
{
    public override Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input);
}

/// <summary>Fails with its input.</summary>
[Worker("fail/v1")]
public sealed class Fail : Worker<string, string>
{
    public override Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => throw new FormatException(input);
}

/// <summary>Fails until an attempt.</summary>
[Worker("fail-until/v1")]
public sealed class FailUntil : Worker<int, string>
{
    public override Task<string> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) =>
        context.Attempt < input ? throw new TimeoutException($"attempt {context.Attempt}") : Task.FromResult(context.Attempt.ToString(CultureInfo.InvariantCulture));
}

/// <summary>Works for so many hours.</summary>
[Worker("take-hours/v1")]
public sealed class TakeHours(TimeProvider time) : Worker<int, string>
{
    public override async Task<string> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromHours(input), time, cancellationToken);
        return $"{input} h";
    }
}

/// <summary>Ends with its cancellation only, however long that takes.</summary>
[Worker("wait/v1")]
public sealed class WaitForCancellation : Worker<string, string>
{
    public override async Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken)
    {
        await TestClock.UntilCancelledAsync(cancellationToken);
        return input;
    }
}

/// <summary>Reads a page of two from a source of so many, in half an hour: no other write is beside that of its outcome.</summary>
[Worker("read-page/v1")]
public sealed class ReadPage(TimeProvider time) : Worker<MapPageRequest<int>, MapPage<int>>
{
    public override async Task<MapPage<int>> RunAsync(MapPageRequest<int> input, WorkerContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMinutes(30), time, cancellationToken);
        int first = int.Parse(input.Cursor ?? "0", CultureInfo.InvariantCulture);
        int[] items = [.. Enumerable.Range(first, Math.Min(2, input.Source - first))];
        return new MapPage<int>(items, first + 2 < input.Source ? (first + 2).ToString(CultureInfo.InvariantCulture) : null);
    }
}

/// <summary>Doubles even numbers, and fails for odd ones.</summary>
[Worker("double-even/v1")]
public sealed class DoubleEven : Worker<int, int>
{
    public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) =>
        input % 2 == 0 ? Task.FromResult(input * 2) : throw new FormatException($"{input} is odd");
}

/// <summary>Gets ready in an hour, at the second attempt, then waits for its cancellation.</summary>
[Worker("serve/v1")]
public sealed class Serve(TimeProvider time) : ReadyWorker<string, string, string>
{
    public override async Task<string> RunAsync(string input, ReadyWorkerContext<string> context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromHours(1), time, cancellationToken);
        if (context.Attempt == 1) throw new TimeoutException("not yet");
        await context.ReadyAsync($"{input} is ready");
        await TestClock.UntilCancelledAsync(cancellationToken);
        return input;
    }
}

/// <summary>Returns without being ready.</summary>
[Worker("never-ready/v1")]
public sealed class NeverReady : ReadyWorker<string, string, string>
{
    public override Task<string> RunAsync(string input, ReadyWorkerContext<string> context, CancellationToken cancellationToken) => Task.FromResult(input);
}

/// <summary>Starts two siblings, then works for an hour.</summary>
[Worker("spawn/v1")]
public sealed class SpawnSiblings(TimeProvider time) : Worker<string, string>
{
    public override async Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken)
    {
        await context.SpawnAsync($"{input}-1", Run.Worker<Echo>(), "first");
        await context.SpawnAsync($"{input}-2", Run.Worker<TakeHours>(), 2);
        await Task.Delay(TimeSpan.FromHours(1), time, cancellationToken);
        return input;
    }
}

public static class Registration
{
    /// <summary>Everything that the workflows of these tests need.</summary>
    public static SheafBuilder AddAll(SheafBuilder sheaf) => sheaf
        .AddWorkflow<EveryKind>()
        .AddWorkflow<FailingTree>()
        .AddWorkflow<TimeIsUp>()
        .AddWorkflow<FailFast>()
        .AddWorkflow<Compensates>()
        .AddWorkflow<Window>()
        .AddWorkflow<Nests>()
        .AddWorkflow<Continues>()
        .AddWorkflow<Checkpoints>()
        .AddWorkflow<WaitsForNothing>()
        .AddWorkflow<Readies>()
        .AddWorkflow<Pages>()
        .AddWorkflow<GoesOn>()
        .AddWorker<Echo>()
        .AddWorker<Fail>()
        .AddWorker<FailUntil>()
        .AddWorker<TakeHours>()
        .AddWorker<WaitForCancellation>()
        .AddWorker<SpawnSiblings>()
        .AddWorker<Serve>()
        .AddWorker<NeverReady>()
        .AddWorker<ReadPage>()
        .AddWorker<DoubleEven>();
}
