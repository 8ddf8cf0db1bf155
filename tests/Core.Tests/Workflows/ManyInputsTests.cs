using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D11 and R15: a map of more than 10,000 inputs is what a smaller one is, but for the workflows that it becomes.</summary>
public sealed class ManyInputsTests
{
    private readonly ManyScript _script = new();

    [Theory]
    [Trait("Rule", "D11")]
    [InlineData(10_000, 0)]
    [InlineData(10_001, 2)]
    [InlineData(20_000, 2)]
    public async Task Map_AtTheLimits_BecomesSoManyWorkflows(int count, int workflows)
    {
        await using ServiceProvider host = StartHost();
        Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count)));
        ChildDescription map = (await ClientOf(host).DescribeAsync("w"))!.Children[0].Children[0];
        Assert.Equal(workflows, map.Children.Count(child => child.Kind == "Workflow"));
        Assert.Equal(count, _script.Keys.Distinct().Count());
    }

    [Theory]
    [Trait("Rule", "E7")]
    [InlineData(1_000, 7)]
    [InlineData(1_000, 300)]
    [InlineData(10_500, 7)]
    [InlineData(10_500, 300)]
    public async Task Failures_OfAllInputs_AreAllCountedAndSoManyKept(int count, int maxFailures)
    {
        _script.Work = (input, _) => throw (input % 2 == 0 ? new FormatException($"input {input}") : new TimeoutException($"input {input}"));
        await using ServiceProvider host = StartHost();
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => RunAsync(host, new Many(count) { Policy = GroupPolicy.CollectAll, MaxFailures = maxFailures }));
        Assert.Equal(count, failures.Leaves.Sum(leaf => leaf.Exception is OmittedFailures omitted ? omitted.Count : 1));
        Assert.Equal(maxFailures, failures.Leaves.Count(leaf => leaf.Exception is not OmittedFailures));
        Assert.Equal(count / 2, failures.Subgroup<FormatException>()!.Leaves.Sum(leaf => leaf.Exception is OmittedFailures omitted ? omitted.Count : 1));
        Assert.All(failures.Leaves.Where(leaf => leaf.Exception is not OmittedFailures), leaf => Assert.Equal($"[{leaf.Exception.Message[6..]}]", leaf.Origins[0].Path[^1]));
    }

    [Theory]
    [Trait("Rule", "R12")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Retry_OfInputs_IsWhereTheyRun(int count)
    {
        ConcurrentDictionary<int, int> attempts = [];
        _script.Work = (input, context) =>
        {
            attempts.AddOrUpdate(input, 1, (_, before) => before + 1);
            return context.Attempt < 3 && input % 10 == 0 ? throw new TimeoutException() : Task.FromResult(input);
        };
        await using ServiceProvider host = StartHost();
        Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count) { Attempts = 3 }));
        Assert.Equal(count + (2 * count / 10), attempts.Values.Sum());
        Assert.Equal(count, _script.Keys.Distinct().Count());
    }

    [Theory]
    [Trait("Rule", "R7")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Deadline_OfTheMap_IsKnownToItsWorkers(int count)
    {
        TestTime time = new();
        ConcurrentBag<DateTimeOffset?> deadlines = [];
        _script.Work = (input, context) =>
        {
            deadlines.Add(context.Deadline);
            return Task.FromResult(input);
        };
        await using ServiceProvider host = StartHost(time: time);
        await RunAsync(host, new Many(count) { Deadline = TimeSpan.FromHours(1) });
        Assert.Equal([time.GetUtcNow().AddHours(1)], deadlines.Distinct());
    }

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Limit_OfPayloads_IsThatOfOneInput(int count)
    {
        await using ServiceProvider host = StartHost(new SheafOptions { MaxPayloadBytes = 200_000 });
        Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count)));
    }

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Inputs_AndValuesAsDeepAsTheSerializerAllows_AreRead(int count)
    {
        await using ServiceProvider host = StartHost();
        Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count) { Depth = 63 }));
    }

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Serializer_KnowsNoTypesButTheUsersOwn_IsEnough(int count)
    {
        await using ServiceProvider host = StartHost(UsersOwnTypes());
        Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count)));
    }

    [Theory]
    [Trait("Rule", "D1")]
    [InlineData(30, -1)]
    [InlineData(1_000, -1)]
    [InlineData(1_000, 0)]
    [InlineData(1_000, 17)]
    [InlineData(1_000, 999)]
    public async Task Parts_AreTheSame_WhetherInputsAreWrittenTogetherOrOneByOne(int count, int large)
    {
        await using ServiceProvider together = StartHost();
        await using ServiceProvider oneByOne = StartHost(UsersOwnTypes());
        IReadOnlyList<string> parts = await PartsAsync(together);
        Assert.InRange(parts.Count, 10, 15);
        Assert.Equal(parts, await PartsAsync(oneByOne));

        async Task<IReadOnlyList<string>> PartsAsync(ServiceProvider host)
        {
            Assert.Equal(Enumerable.Range(0, count), await RunAsync(host, new Many(count) { Large = large }));
            return [.. (await ClientOf(host).DescribeAsync("w"))!.Children[0].Children[0].Children.Select(part => part.Name)];
        }
    }

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Input_ThatCannotBeSent_FailsAloneInItsPlace(int count)
    {
        await using ServiceProvider host = StartHost(new SheafOptions { MaxPayloadBytes = 200_000 });
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => RunAsync(host, new Many(count) { Policy = GroupPolicy.CollectAll, Large = 17 }));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.IsType<PayloadTooLargeException>(leaf.Exception);
        Assert.Equal("map[17]", leaf.Origins[0].Path[^1]);
        Assert.Equal(count - 1, _script.Keys.Distinct().Count());
    }

    [Theory]
    [Trait("Rule", "R11")]
    [Trait("Rule", "D1")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Process_EndsInTheMiddle_GoesOnWithWhatHadNotEnded(int count)
    {
        MemoryJournal journal = new();
        ConcurrentDictionary<int, int> ran = [];
        TaskCompletionSource reached = Guard.Signal();
        TaskCompletionSource gate = Guard.Signal();
        _script.Work = async (input, _) =>
        {
            ran.AddOrUpdate(input, 1, (_, before) => before + 1);
            if (input != count - 1) return input;
            reached.TrySetResult();
            await gate.Task;
            return input;
        };
        await using (ServiceProvider first = StartHost(journal: journal))
        {
            await ClientOf(first).StartAsync(Run.Workflow<ManyWorkflow>(), "w", new Many(count) { MaxConcurrency = 10 });
            await reached.Task.Within("the last input");
            // Stops in order: what runs is not waited for.
            _ = gate.TrySetResult();
        }

        await using ServiceProvider second = StartHost(journal: journal);
        Assert.Equal(Enumerable.Range(0, count), await ClientOf(second).ResultAsync<int[]>("w").Within("the end"));
        Assert.Equal(count, _script.Keys.Distinct().Count());
        Assert.True(ran.Values.Sum() < count + 250, $"{ran.Values.Sum()} runs");
    }

    [Theory]
    [Trait("Rule", "R5")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Cancel_OfTheWorkflow_CancelsEveryInput(int count)
    {
        int begun = 0;
        int cancelled = 0;
        TaskCompletionSource all = Guard.Signal();
        _script.WorkUntil = async (input, _, token) =>
        {
            if (Interlocked.Increment(ref begun) == count) all.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Increment(ref cancelled);
            token.ThrowIfCancellationRequested();
            return input;
        };
        await using ServiceProvider host = StartHost();
        Task<int[]> run = RunAsync(host, new Many(count));
        await all.Task.Within("all inputs");
        await ClientOf(host).CancelAsync("w", "enough");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Within("the end"));
        Assert.Equal(count, cancelled);
        await foreach (WorkflowSummary one in ClientOf(host).ListAsync()) Assert.Equal(WorkflowStatus.Cancelled, one.Status);
    }

    [Theory]
    [Trait("Rule", "D11")]
    [InlineData(30)]
    [InlineData(10_030)]
    public async Task Map_InACheckpoint_IsNotRunAgain(int count)
    {
        MemoryJournal journal = new();
        await using (ServiceProvider first = StartHost(journal: journal))
        {
            await ClientOf(first).StartAsync(Run.Workflow<ManyWorkflow>(), "w", new Many(count) { Waits = true });
            await foreach (WorkflowEvent happened in ClientOf(first).WatchAsync("w"))
            {
                if (happened is { Kind: WorkflowEventKind.ChildEnded, PathText: "g" }) break;
            }
        }

        _script.Work = (_, _) => throw new InvalidOperationException("It ran again.");
        await using ServiceProvider second = StartHost(journal: journal);
        await ClientOf(second).SignalAsync("w", "go", "");
        Assert.Equal(Enumerable.Range(0, count), await ClientOf(second).ResultAsync<int[]>("w").Within("the end"));
        Assert.Equal(count, _script.Keys.Count);
    }

    private ServiceProvider StartHost(SheafOptions? options = null, IJournal? journal = null, TimeProvider? time = null)
    {
        ServiceCollection services = new();
        services.AddSingleton(_script);
        if (time is not null) services.AddSingleton(time);
        services.AddSheaf(s => s.AddWorkflow<ManyWorkflow>().AddWorker<ManyWorker>().UseOptions(options ?? new SheafOptions())).UseEmbedded(journal ?? new MemoryJournal());
        return services.BuildServiceProvider();
    }

    private static SheafOptions UsersOwnTypes()
    {
        Type[] own = [typeof(Many), typeof(int[]), typeof(ManyInput), typeof(ManyValue), typeof(Nest), typeof(string), typeof(int), typeof(int?), typeof(bool), typeof(GroupPolicy), typeof(TimeSpan?), typeof(TimeSpan)];
        return new() { SerializerOptions = new() { TypeInfoResolver = new OnlyTypes(new DefaultJsonTypeInfoResolver(), own) } };
    }

    private static IWorkflowClient ClientOf(ServiceProvider host) => host.GetRequiredService<IWorkflowClient>();

    private static Task<int[]> RunAsync(ServiceProvider host, Many many) => ClientOf(host).RunAsync(Run.Workflow<ManyWorkflow>(), "w", many).Within("the map's end");
}

internal sealed class ManyScript
{
    public ConcurrentBag<string> Keys { get; } = [];

    public Func<int, WorkerContext, Task<int>> Work { get; set; } = (input, _) => Task.FromResult(input);

    public Func<int, WorkerContext, CancellationToken, Task<int>>? WorkUntil { get; set; }
}

internal sealed record Many(int Count)
{
    public GroupPolicy Policy { get; init; }

    public int MaxFailures { get; init; } = 100;

    public int Attempts { get; init; } = 1;

    public int? MaxConcurrency { get; init; }

    public TimeSpan? Deadline { get; init; }

    /// <summary>How deep the JSON of an input is.</summary>
    public int Depth { get; init; }

    /// <summary>An input that is too large.</summary>
    public int Large { get; init; } = -1;

    /// <summary>Whether the map is in a checkpoint, and a signal waited for after it.</summary>
    public bool Waits { get; init; }
}

internal sealed record ManyInput(int Number, Nest? Nest, string Padding);

internal sealed record ManyValue(int Number, Nest? Nest);

internal sealed record Nest
{
    public Nest? Inner { get; init; }
}

/// <summary>As a source-generated context: what it was not made for it does not know.</summary>
internal sealed class OnlyTypes(IJsonTypeInfoResolver all, Type[] types) : IJsonTypeInfoResolver
{
    public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) => types.Contains(type) ? all.GetTypeInfo(type, options) : null;
}

[Workflow("many/v1")]
internal sealed class ManyWorkflow : Workflow<Many, int[]>
{
    public override async Task<int[]> RunAsync(Many input, WorkflowContext workflow)
    {
        Nest? nest = null;
        for (int i = 0; i < input.Depth; i++) nest = new Nest { Inner = nest };
        WorkflowMapOptions options = new()
        {
            Policy = input.Policy,
            MaxFailures = input.MaxFailures,
            MaxConcurrency = input.MaxConcurrency,
            Deadline = input.Deadline,
            Retry = input.Attempts > 1 ? new RetryPolicy { MaxAttempts = input.Attempts, InitialDelay = TimeSpan.Zero } : null,
        };
        ManyInput[] inputs = [.. Enumerable.Range(0, input.Count).Select(i => new ManyInput(i, nest, i == input.Large ? new string('x', 300_000) : ""))];
        int[] values = await workflow.GroupAsync("g", async group => (await group.MapAsync("map", Run.Worker<ManyWorker>(), inputs, options)).Select(value => value.Number).ToArray(), new() { Checkpoint = input.Waits, MaxFailures = input.MaxFailures });
        if (input.Waits) await workflow.WaitForAsync<string>("go");
        return values;
    }
}

[Worker("many/v1")]
internal sealed class ManyWorker(ManyScript script) : Worker<ManyInput, ManyValue>
{
    public override async Task<ManyValue> RunAsync(ManyInput input, WorkerContext context, CancellationToken cancellationToken)
    {
        script.Keys.Add(context.IdempotencyKey);
        return new ManyValue(await (script.WorkUntil?.Invoke(input.Number, context, cancellationToken) ?? script.Work(input.Number, context)), input.Nest);
    }
}
