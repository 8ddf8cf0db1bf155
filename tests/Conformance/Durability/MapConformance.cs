namespace Sheaf.Conformance;

/// <summary>R15: a durable map, whose children take several inputs each.</summary>
[Needs(Capabilities.Durable)]
public abstract class MapConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddMap = sheaf => sheaf.AddWorkflow<MapWorkflow>().AddWorker<MapWorker>();

    [Theory]
    [Trait("Rule", "R15")]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(1000, null)]
    [InlineData(1000, 7)]
    [InlineData(20, 1)]
    public async Task Map_AllSucceed_GivesTheValuesInTheOrderOfTheInputs(int count, int? inputsPerChild)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        MapEnd end = await RunAsync(process, new MapPlan(Stage.Id, count) { InputsPerChild = inputsPerChild });
        Assert.Equal(Enumerable.Range(0, count).Select(i => i * 2), end.Values);
        Assert.Equal(count, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "R15")]
    [Trait("Rule", "R3")]
    public async Task Map_CollectAll_RunsAllAndThrowsEveryFailureWithItsPlace()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new MapPlan(Stage.Id, 100) { Policy = GroupPolicy.CollectAll, Fails = [3, 50, 99], InputsPerChild = 30 }));
        Assert.Equal(100, Stage.CountOf("ran"));
        Assert.Equal(["input 3", "input 50", "input 99"], failures.Leaves.Select(leaf => leaf.Exception.Message).Order(StringComparer.Ordinal));
        Assert.Contains(failures.Leaves, leaf => leaf.Origins[0].Path is [.., "map[30..59]", "[50]"]);
    }

    [Fact]
    [Trait("Rule", "R15")]
    [Trait("Rule", "R3")]
    public async Task Map_FailFast_CancelsTheOthersInItsChildAndBeside()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        Task<MapEnd> run = RunAsync(process, new MapPlan(Stage.Id, 10) { Fails = [4], OthersWait = true, InputsPerChild = 5 });
        // One that has not begun when it is cancelled need not begin.
        await Stage.ReachedAsync("ran", times: 10);
        Stage.Open("fail");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => run);
        Assert.Equal("input 4", Assert.Single(failures.Leaves).Exception.Message);
        Assert.Equal(9, Stage.CountOf("cancelled"));
    }

    [Fact]
    [Trait("Rule", "R11")]
    [Trait("Rule", "R15")]
    public async Task Map_MaxConcurrency_HoldsOverChildren()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        MapEnd end = await RunAsync(process, new MapPlan(Stage.Id, 60) { MaxConcurrency = 6, InputsPerChild = 3 });
        Assert.Equal(60, end.Values.Count);
        Assert.InRange(Stage.MostRunning, 1, 6);
    }

    [Fact]
    [Trait("Rule", "R12")]
    [Trait("Rule", "R15")]
    public async Task Map_RetryPolicy_TriesEachInputAgain()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        MapEnd end = await RunAsync(process, new MapPlan(Stage.Id, 4) { FailsFirst = [1, 2], InputsPerChild = 2, Attempts = 2 });
        Assert.Equal([0, 2, 4, 6], end.Values);
        Assert.Equal(6, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "R15")]
    public async Task Map_OfManyInputs_BecomesWorkflowsAndGivesTheValuesInTheirOrder()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        MapEnd end = await RunAsync(process, new MapPlan(Stage.Id, 20_500));
        Assert.Equal(Enumerable.Range(0, 20_500).Select(i => i * 2), end.Values);
        Assert.Equal(20_500, Stage.CountOf("ran"));
        ChildDescription map = (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0];
        Assert.Equal(["map[0..9999]", "map[10000..19999]", "map[20000..20499]"], map.Children.Select(child => child.Name));
        Assert.All(map.Children, child => Assert.Equal("Workflow", child.Kind));
        Assert.Equal(2, (await process.Client.DescribeAsync(map.Children[2].WorkflowId!))!.Children[0].Children.Count);
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "E4")]
    public async Task Map_OfManyInputs_FailuresHaveTheirPlacesAndAWindowHolds()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new MapPlan(Stage.Id, 12_000) { Policy = GroupPolicy.CollectAll, Fails = [3, 11_999], MaxConcurrency = 50, InputsPerChild = 25 }));
        Assert.Equal(12_000, Stage.CountOf("ran"));
        Assert.Equal(["input 11999", "input 3"], failures.Leaves.Select(leaf => leaf.Exception.Message).Order(StringComparer.Ordinal));
        Assert.Contains(failures.Leaves, leaf => leaf.Origins[0].Path is [.., "map[10000..11999]", "map[11975..11999]", "[11999]"]);
        Assert.InRange(Stage.MostRunning, 1, 50);
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "R3")]
    public async Task Map_OfManyInputs_FailFast_CancelsTheOtherWorkflows()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        Task<MapEnd> run = RunAsync(process, new MapPlan(Stage.Id, 10_500) { Fails = [4], OthersWait = true });
        await Stage.ReachedAsync("ran", times: 10_500);
        Stage.Open("fail");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => run);
        Assert.Equal("input 4", Assert.Single(failures.Leaves).Exception.Message);
        Assert.Equal(10_499, Stage.CountOf("cancelled"));
    }

    [Fact]
    [Trait("Rule", "D10")]
    [Trait("Rule", "R15")]
    public async Task Map_InputOverTheLimit_FailsAlone()
    {
        HostProcess process = await StartAsync(configure: sheaf => AddMap(sheaf).UseOptions(new SheafOptions { MaxPayloadBytes = 2_000 }));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new MapPlan(Stage.Id, 5) { Policy = GroupPolicy.CollectAll, Large = 2, InputsPerChild = 5 }));
        Assert.IsType<PayloadTooLargeException>(Assert.Single(failures.Leaves).Exception);
        Assert.Equal(4, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "R15")]
    public async Task Map_ProcessEndsInTheMiddle_GoesOnWithTheChildrenThatHadNotEnded()
    {
        HostProcess first = await StartAsync(configure: AddMap);
        await first.Client.StartAsync(Run.Workflow<MapWorkflow>(), Stage.Id, new MapPlan(Stage.Id, 6) { InputsPerChild = 3, WaitsAt = 4 });
        await foreach (WorkflowEvent happened in first.Client.WatchAsync(Stage.Id))
        {
            if (happened.Kind == WorkflowEventKind.ChildEnded) break;
        }

        await Stage.ReachedAsync("waits");
        await EndAsync(first);
        Stage.Open("map");
        HostProcess second = await StartAsync(configure: AddMap);
        MapEnd end = await Stage.GuardAsync(second.Client.ResultAsync<MapEnd>(Stage.Id), "the map's end");
        Assert.Equal([0, 2, 4, 6, 8, 10], end.Values);
        Assert.Equal(1, Stage.CountOf("key:0.0"));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    private Task<MapEnd> RunAsync(HostProcess process, MapPlan plan) =>
        Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<MapWorkflow>(), Stage.Id, plan), "the map's end");
}

public sealed record MapPlan(string Stage, int Count)
{
    public GroupPolicy Policy { get; init; }

    public int? InputsPerChild { get; init; }

    public int? MaxConcurrency { get; init; }

    public int Attempts { get; init; } = 1;

    public int[] Fails { get; init; } = [];

    public int[] FailsFirst { get; init; } = [];

    public bool OthersWait { get; init; }

    public int WaitsAt { get; init; } = -1;

    public int Large { get; init; } = -1;
}

public sealed record MapEnd(IReadOnlyList<int> Values);

public sealed record MapInput(string Stage, int Number, string Does, string Padding);

[Workflow("map/v1")]
public sealed class MapWorkflow : Workflow<MapPlan, MapEnd>
{
    public override Task<MapEnd> RunAsync(MapPlan input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        MapInput[] inputs = [.. Enumerable.Range(0, input.Count).Select(i => new MapInput(input.Stage, i, DoesAt(input, i), i == input.Large ? new string('x', 3_000) : ""))];
        WorkflowMapOptions options = new()
        {
            Policy = input.Policy,
            InputsPerChild = input.InputsPerChild,
            MaxConcurrency = input.MaxConcurrency,
            Retry = input.Attempts > 1 ? new RetryPolicy { MaxAttempts = input.Attempts, InitialDelay = TimeSpan.Zero } : null,
        };
        return new MapEnd(await group.MapAsync("map", Run.Worker<MapWorker>(), inputs, options));
    });

    private static string DoesAt(MapPlan plan, int i)
    {
        if (plan.Fails.Contains(i)) return plan.OthersWait ? "fail at gate" : "fail";
        if (plan.FailsFirst.Contains(i)) return "fail first";
        if (plan.OthersWait) return "wait";
        return plan.WaitsAt == i ? "gate" : "";
    }
}

[Worker("map-worker/v1")]
public sealed class MapWorker : Worker<MapInput, int>
{
    public override async Task<int> RunAsync(MapInput input, WorkerContext context, CancellationToken cancellationToken)
    {
        Stage stage = Stage.Of(input.Stage);
        stage.Enter();
        stage.Log("ran");
        stage.Log($"key:{input.Number}.{context.FencingToken - 1}");
        try
        {
            await Task.Yield();
            switch (input.Does)
            {
                case "fail at gate":
                    await stage.AtGate("fail");
                    throw new FormatException($"input {input.Number}");
                case "fail":
                case "fail first" when context.Attempt == 1:
                    throw new FormatException($"input {input.Number}");
                case "wait":
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                    break;
                case "gate":
                    stage.Log("waits");
                    await stage.AtGate("map").WaitAsync(cancellationToken);
                    break;
                default:
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            stage.Log("cancelled");
            throw;
        }
        finally
        {
            stage.Leave();
        }

        return input.Number * 2;
    }
}
