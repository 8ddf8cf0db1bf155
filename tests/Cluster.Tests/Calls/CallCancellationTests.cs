using Sheaf.Calls;

namespace Sheaf.Cluster.Tests.Calls;

public sealed class CallCancellationTests(ThreeSilos cluster)
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Trait("Rule", "R4")]
    public async Task Call_CancelledAndHeeded_IsCancelled(int callee)
    {
        WorkEnd end = await WaitAndCancelAsync($"heeds {callee}", callee, thenThrow: null);

        Assert.Equal(OutcomeKind.Cancelled, end.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Trait("Rule", "R4")]
    public async Task Call_CancelledAndFailing_IsAFailure(int callee)
    {
        WorkEnd end = await WaitAndCancelAsync($"fails {callee}", callee, thenThrow: "plain");

        Assert.Equal(OutcomeKind.Failed, end.Kind);
        Assert.Equal("plain", Assert.IsType<RemoteException>(Assert.Single(end.Errors)).Message);
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Call_CancelledByNobody_IsAFailureAlsoIfTheCallerIsCancelledMeanwhile()
    {
        using CancellationTokenSource source = new();
        Task<int> call = MarkedCall.InvokeAsync("call", cluster.On(0).GetGrain<IThrower>("times out"), (grain, token) => grain.TimeOutAsync(token), types: null, source.Token);
        await Task.WhenAny(call).WaitAsync(Hang, TimeProvider.System);

        await source.CancelAsync();

        WorkEnd end = WorkEnd.Of(call, source.IsCancellationRequested, isCancellation: null);
        Assert.Equal(OutcomeKind.Failed, end.Kind);
        var failure = Failure.From(Assert.Single(end.Errors));
        Assert.Equal("System.Threading.Tasks.TaskCanceledException", failure.TypeName);
        Assert.Equal("slow", Assert.Single(failure.Inner).Message);
    }

    /// <summary>Judged as the owner judges its children.</summary>
    private async Task<WorkEnd> WaitAndCancelAsync(string key, int callee, string? thenThrow)
    {
        await cluster.PlaceAsync<IThrower>(key, callee);
        using CancellationTokenSource source = new();
        Task<int> call = MarkedCall.InvokeAsync("call", cluster.On(0).GetGrain<IThrower>(key), (grain, token) => grain.WaitAsync(key, thenThrow, token), types: null, source.Token);
        await Thrower.Arrived.GetOrAdd(key, _ => new()).Task.WaitAsync(Hang, TimeProvider.System);

        await source.CancelAsync();

        await Task.WhenAny(call).WaitAsync(Hang, TimeProvider.System);
        return WorkEnd.Of(call, source.IsCancellationRequested, isCancellation: null);
    }
}
