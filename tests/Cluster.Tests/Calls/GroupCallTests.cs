using Microsoft.Extensions.DependencyInjection;
using Sheaf.Cluster.Tests.Codecs;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Calls;

public sealed class GroupCallTests(ThreeSilos cluster)
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Call_GrainsFail_GroupHasAllTheirFailures()
    {
        await cluster.PlaceAsync<IThrower>("group/many", 1);
        await cluster.PlaceAsync<IThrower>("group/plain", 2);
        await using ServiceProvider host = Host(new MemoryJournal(), cluster.On(0));

        ExceptionGroup thrown = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(host, "fails", new CallPlan("group", Fails: true)));

        Assert.Equal(6, thrown.LeafCount);
        Assert.Equal(3, thrown.Subgroup<FormatException>()!.LeafCount);
        Assert.Equal(3, thrown.Subgroup<PlainException>()!.LeafCount);
        Assert.Contains(thrown.Leaves, leaf => leaf.Origins.Any(origin => origin.Path.Contains("IThrower/group/many")));
        Assert.Contains(thrown.Leaves, leaf => leaf.Origins.Any(origin => origin.Path.Contains("named")));
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Call_GrainsAnswer_GivesTheirValues()
    {
        await using ServiceProvider host = Host(new MemoryJournal(), cluster.On(0));

        Assert.Equal("a,b", await RunAsync(host, "answers", new CallPlan("answers", Fails: false)));
    }

    [Theory]
    [InlineData("string")]
    [InlineData("guid")]
    [InlineData("long")]
    [Trait("Rule", "D2")]
    public async Task Call_EveryKindOfKey_ReachesItsGrain(string kind)
    {
        await using ServiceProvider host = Host(new MemoryJournal(), cluster.On(1));

        Assert.Equal(CallKeys.Expected(kind), await RunAsync(host, Run.Workflow<CallKeys>(), $"keys/{kind}", kind));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_HostWithoutOrleans_FailsTheChildAndNamesTheRemedy()
    {
        await using ServiceProvider host = Host(new MemoryJournal(), grains: null);

        ExceptionGroup thrown = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(host, "none", new CallPlan("none", Fails: false)));

        InvalidOperationException error = Assert.IsType<InvalidOperationException>(thrown.Leaves.First().Exception);
        Assert.Contains("IGrainFactory", error.Message, StringComparison.Ordinal);
        Assert.Contains("UseOrleansClient", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Call_HostLostMeanwhile_IsMadeAgain()
    {
        MemoryJournal journal = new();
        TaskCompletionSource first = CallTwice.Expect(1);
        TaskCompletionSource second = CallTwice.Expect(2);
        await using (ServiceProvider lost = Host(journal, cluster.On(0)))
        {
            await lost.GetRequiredService<IWorkflowClient>().StartAsync(Run.Workflow<CallTwice>(), "twice", 0, TestContext.Current.CancellationToken);
            await first.Task.WaitAsync(Hang, TimeProvider.System);
        }

        await using ServiceProvider resumed = Host(journal, cluster.On(0));
        Task<int> result = resumed.GetRequiredService<IWorkflowClient>().ResultAsync<int>("twice", TestContext.Current.CancellationToken);
        await second.Task.WaitAsync(Hang, TimeProvider.System);

        Assert.Equal(2, await result.WaitAsync(Hang, TimeProvider.System));
    }

    private static Task<string> RunAsync(ServiceProvider host, string id, CallPlan plan) => RunAsync(host, Run.Workflow<CallGrains>(), id, plan);

    private static Task<string> RunAsync<TIn>(ServiceProvider host, IWorkflowRef<Workflow<TIn, string>> workflow, string id, TIn input) =>
        host.GetRequiredService<IWorkflowClient>().RunAsync(workflow, id, input, TestContext.Current.CancellationToken).WaitAsync(Hang, TimeProvider.System);

    private static ServiceProvider Host(MemoryJournal journal, IGrainFactory? grains)
    {
        ServiceCollection services = new();
        if (grains is not null) services.AddSingleton(grains);
        services.AddSheaf(sheaf => sheaf.AddWorkflow<CallGrains>().AddWorkflow<CallKeys>().AddWorkflow<CallTwice>()).UseEmbedded(journal);
        return services.BuildServiceProvider();
    }
}
