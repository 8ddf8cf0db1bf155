using Orleans.Serialization;
using Sheaf.Calls;
using Sheaf.Cluster.Tests.Codecs;

namespace Sheaf.Cluster.Tests.Calls;

public sealed class MarkedCallTests(ThreeSilos cluster)
{
    public static TheoryData<string> Rows() => [.. Thrown.Names];

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Rule", "E5")]
    public async Task Call_FromSiloToSilo_LosesNothing(string what)
    {
        await cluster.PlaceAsync<ICaller>($"caller/{what}", 0);
        await cluster.PlaceAsync<IThrower>($"far/{what}", 1);

        AssertWhole(what, await cluster.Client.GetGrain<ICaller>($"caller/{what}").CallAsync($"far/{what}", what));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Rule", "E5")]
    public async Task Call_InsideSilo_ArrivesAsFromAnother(string what)
    {
        await cluster.PlaceAsync<ICaller>($"near caller/{what}", 2);
        await cluster.PlaceAsync<IThrower>($"near/{what}", 2);

        AssertWhole(what, await cluster.Client.GetGrain<ICaller>($"near caller/{what}").CallAsync($"near/{what}", what));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Rule", "E5")]
    public async Task Call_FromClient_LosesNothing(string what) =>
        AssertWhole(what, Failure.From(await FailAsync(cluster.Client, $"client/{what}", grain => grain.ThrowAsync(what))));

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Rule", "E5")]
    public async Task Call_OtherShapesOfMethod_LoseNothing(string what)
    {
        AssertWhole(what, Failure.From(await FailAsync(cluster.Client, $"value/{what}", grain => grain.FailValueAsync(what).AsTask())));
        AssertWhole(what, Failure.From(await FailAsync(cluster.Client, $"no value/{what}", async grain =>
        {
            await grain.FailAsync(what);
            return 0;
        })));
        AssertWhole(what, Failure.From(await FailAsync(cluster.Client, $"at once/{what}", grain => grain.ThrowAtOnceAsync(what))), method: "ThrowAtOnceAsync");
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Call_WhenAllWithFiveFailures_GivesAllFive()
    {
        await cluster.PlaceAsync<IThrower>("five", 1);
        Func<IThrower, Task>[] shapes =
        [
            grain => grain.FailManyAsync(5),
            grain => grain.FailManyWithoutValueAsync(5),
            grain => grain.FailManyValueTaskAsync(5).AsTask(),
            grain => grain.FailManyPlainValueTaskAsync(5).AsTask(),
        ];
        foreach (Func<IThrower, Task> shape in shapes)
        {
            foreach (IGrainFactory grains in new[] { cluster.Client, cluster.On(0), cluster.On(1) })
            {
                Exception thrown = await Assert.ThrowsAnyAsync<Exception>(() => MarkedCall.InvokeAsync("call", grains.GetGrain<IThrower>("five"), (grain, _) => shape(grain), types: null, CancellationToken.None));

                ExceptionGroup group = Assert.IsType<ExceptionGroup>(thrown);
                Assert.Equal(["f0", "p1", "f2", "p3", "f4"], group.Leaves.Select(leaf => leaf.Exception.Message).OrderBy(message => message[1]));
                Assert.Equal(3, group.Subgroup<FormatException>()!.LeafCount);
                Assert.Equal(2, group.Subgroup<PlainException>()!.LeafCount);
            }
        }
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Call_ThousandsOfFailures_AreCounted()
    {
        ExceptionGroup group = Assert.IsType<ExceptionGroup>(await FailAsync(cluster.Client, "many", grain => grain.FailManyAsync(3_000)));

        Assert.Equal(3_000, group.LeafCount);
        Assert.Equal(100, group.Leaves.Count(leaf => leaf.Exception is not OmittedFailures));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Call_TypeThatTheCallerRegistered_IsThatTypeAgain()
    {
        FailureTypes types = new FailureTypes().Register((message, inner) => new PlainException(message, inner));

        PlainException thrown = await Assert.ThrowsAsync<PlainException>(() => MarkedCall.InvokeAsync("call", cluster.Client.GetGrain<IThrower>("registered"), (grain, _) => grain.ThrowAsync("plain"), types, CancellationToken.None));

        Assert.Equal("8", thrown.Data["order"]);
        Assert.Contains("ThrowAsync", thrown.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Call_TypeThatOnlyTheThrowerHas_ArrivesAsStandIn()
    {
        RemoteException thrown = Assert.IsType<RemoteException>(await FailAsync(cluster.Client, "unloadable", grain => grain.ThrowAsync("unloadable")));

        Assert.Equal("Far.Away.DiskException", thrown.RemoteTypeName);
        Assert.True(new ExceptionGroup("g", [thrown]).Contains<IOException>());
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_ThatIsNotMarked_IsLeftToOrleans()
    {
        await cluster.PlaceAsync<IThrower>("unmarked", 1);
        IThrower grain = cluster.On(0).GetGrain<IThrower>("unmarked");

        await Assert.ThrowsAsync<FormatException>(() => grain.ThrowAsync("system"));
        await Assert.ThrowsAsync<CodecNotFoundException>(() => grain.ThrowAsync("plain"));
        await Assert.ThrowsAsync<FormatException>(() => grain.FailManyAsync(1));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_ThatCallsOn_LeavesTheInnerCallToOrleans()
    {
        await cluster.PlaceAsync<IThrower>("outer", 0);
        await cluster.PlaceAsync<IThrower>("inner", 1);

        string seen = await MarkedCall.InvokeAsync("call", cluster.Client.GetGrain<IThrower>("outer"), (grain, _) => grain.AskAsync("inner", "plain"), types: null, CancellationToken.None);

        Assert.Equal(nameof(CodecNotFoundException), seen);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_ThatSucceeds_GivesACopyOfTheValue()
    {
        await cluster.PlaceAsync<IThrower>("echo", 0);
        List<string> sent = ["a", "b"];

        List<string> received = await MarkedCall.InvokeAsync("call", cluster.On(0).GetGrain<IThrower>("echo"), (grain, _) => grain.EchoAsync(sent), types: null, CancellationToken.None);

        Assert.Equal(sent, received);
        Assert.NotSame(sent, received);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_WithFiltersOfTheApplication_ShowsThemTheOriginal()
    {
        await FailAsync(cluster.Client, "witnessed", grain => grain.ThrowAsync("plain"));

        Assert.Equal(("Thrower.ThrowAsync", typeof(PlainException)), WitnessFilter.Seen["witnessed"]);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_ToAGrainWithItsOwnFilter_EndsAsThatFilterSays()
    {
        IGuarded guarded = cluster.Client.GetGrain<IGuarded>(1);

        Assert.Equal(-1, await MarkedCall.InvokeAsync("call", guarded, (grain, _) => grain.FailAsync("format"), types: null, CancellationToken.None));
        RemoteException answered = await Assert.ThrowsAsync<RemoteException>(() => MarkedCall.InvokeAsync("call", guarded, (grain, _) => grain.FailAsync("io"), types: null, CancellationToken.None));
        Assert.Equal("answered", answered.Message);
        Assert.IsType<IOException>(answered.InnerException);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public async Task Call_GrainWithStaleState_IsDeactivatedAsEver()
    {
        IThrower grain = cluster.Client.GetGrain<IThrower>("stale");
        int before = await grain.ActivationAsync();

        await FailAsync(cluster.Client, "stale", callee => callee.ThrowAsync("stale"));

        Assert.NotEqual(before, await grain.ActivationAsync());
    }

    private static async Task<Exception> FailAsync<T>(IGrainFactory grains, string key, Func<IThrower, Task<T>> call) =>
        await Assert.ThrowsAnyAsync<Exception>(() => MarkedCall.InvokeAsync("call", grains.GetGrain<IThrower>(key), (grain, _) => call(grain), types: null, CancellationToken.None));

    /// <summary>All that a failure says is there; stacks, which differ by where it was thrown, begin in the grain's method.</summary>
    private static void AssertWhole(string what, Failure received, string method = "ThrowAsync")
    {
        Exception thrown = Thrown.Make(what);
        Assert.Contains(method, received.StackTrace, StringComparison.Ordinal);
        Assert.Equal(Stackless(Failure.From(thrown), thrown), Stackless(received, thrown));
    }

    // A group arrives as ExceptionGroup, whatever group it was: the type that its author gave it is the one thing that is not kept.
    private static Failure Stackless(Failure failure, Exception thrown) => failure with
    {
        StackTrace = null,
        TypeName = failure.IsGroup ? "group" : failure.TypeName,
        BaseTypeNames = failure.IsGroup ? [] : failure.BaseTypeNames,
        Inner = [.. failure.Inner.Select(inner => Stackless(inner, thrown))],
    };
}
