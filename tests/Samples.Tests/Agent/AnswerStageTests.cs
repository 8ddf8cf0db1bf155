using System.Net;
using System.Runtime.CompilerServices;
using Sheaf.Samples.Agent.Answering;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Samples.Tests.Agent;

public sealed class AnswerStageTests
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;
    private static readonly HttpRequestException Busy = new("busy", null, HttpStatusCode.ServiceUnavailable);
    private static readonly HttpRequestException Denied = new("denied", null, HttpStatusCode.Unauthorized);

    private readonly AnswerProgress _progress = new("q", new PlainAnswerView(TextWriter.Null));
    private int _attempts;

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Run_TransientFailures_AreTriedAgain()
    {
        Assert.Empty(await RunAsync(_ => _attempts < 3 ? Busy : null));
        Assert.Equal((3, "all of it"), (_attempts, _progress.Snapshot.Answer));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Run_GroupOfTransientFailures_IsTriedAgain()
    {
        Assert.Empty(await RunAsync(_ => _attempts < 2 ? new ExceptionGroup("endpoints", [Busy, new HttpRequestException("refused")]) : null));
        Assert.Equal(2, _attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Run_GroupWithOneFailureThatStays_IsNotTriedAgain()
    {
        ExceptionGroup tree = Tree(await RunAsync(_ => new ExceptionGroup("endpoints", [Busy, Denied])));
        Assert.Equal(["busy", "denied"], tree.Leaves.Select(leaf => leaf.Exception.Message));
        Assert.Equal(1, _attempts);
    }

    [Fact]
    public async Task Run_FailureAfterTheFirstPiece_IsNotTriedAgain()
    {
        Failure failure = Assert.Single(await RunAsync(after => after == 1 ? Busy : null));
        Assert.Equal("busy", Assert.Single(failure.Inner).Message);
        Assert.Equal(1, _attempts);
    }

    [Fact]
    public async Task Run_EndsWithoutAWord_TheStandInAnswers()
    {
        var stage = new AnswerStage(new FakeModel((_, _) => Pieces()), new FakeModel((_, _) => Pieces("quoted")), [], _progress, TimeProvider.System);
        Failure failure = Assert.Single(await stage.RunAsync(new ModelRequest("q", [], null), Token));
        Assert.Equal("fake ended its answer before the first word.", Assert.Single(failure.Inner).Message);
        Assert.Equal("quoted", _progress.Snapshot.Answer);
    }

    [Fact]
    public async Task Run_FailsForGood_TheStandInAnswersAndIsToldWhy()
    {
        ModelRequest? told = null;
        var standIn = new FakeModel((request, _) =>
        {
            told = request;
            return Pieces("quoted");
        });
        Failure failure = Assert.Single(await RunAsync(_ => Denied, standIn));
        Assert.Equal("answer", Assert.Single(failure.Origins).ToString());
        Assert.Equal("quoted", _progress.Snapshot.Answer);
        Assert.Equal(["fake: denied"], told!.Missing);
    }

    [Fact]
    public async Task Run_StandInFailsToo_BothFailuresAreReturned()
    {
        var standIn = new FakeModel((_, _) => throw new InvalidDataException("nothing to quote"));
        IReadOnlyList<Failure> failures = await RunAsync(_ => Denied, standIn);
        Assert.Equal(["answer", "stand-in"], failures.Select(failure => failure.Origins[0].ToString()));
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_ForbiddenTerm_StopsTheModelAndAsksNoStandIn()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var model = new FakeModel((_, token) => UntilStoppedAsync(stopped, token));
        var standIn = new FakeModel((_, _) => throw new InvalidOperationException("must not be asked"));
        var stage = new AnswerStage(model, standIn, ["secret"], _progress, TimeProvider.System);

        ExceptionGroup tree = Tree(await stage.RunAsync(new ModelRequest("q", [], null), Token).WaitAsync(TimeSpan.FromMinutes(2), Token));
        await stopped.Task.WaitAsync(TimeSpan.FromMinutes(2), Token);
        FailureLeaf leaf = Assert.Single(tree.Leaves);
        Assert.Equal("answer/compliance", Assert.Single(leaf.Origins).ToString());
        Assert.Equal("this i", _progress.Snapshot.Answer);
    }

    [Fact]
    public async Task Run_Cancelled_Throws()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new AnswerStage(new PassageLanguageModel(), null, [], _progress, TimeProvider.System)
                .RunAsync(new ModelRequest("q", [], null), new CancellationToken(canceled: true)));
    }

    private static ExceptionGroup Tree(IReadOnlyList<Failure> failures) =>
        (ExceptionGroup)Sheaf.Samples.Agent.FailureTree.Group("failures", failures).ToException();

    private static async IAsyncEnumerable<string> UntilStoppedAsync(TaskCompletionSource stopped, [EnumeratorCancellation] CancellationToken token)
    {
        yield return "this is sec";
        yield return "ret";
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        }
        finally
        {
            stopped.SetResult();
        }
    }

    private static async IAsyncEnumerable<string> Pieces(params string[] pieces)
    {
        foreach (string piece in pieces)
        {
            await Task.Yield();
            yield return piece;
        }
    }

    private Task<IReadOnlyList<Failure>> RunAsync(Func<int, Exception?> failure, ILanguageModel? standIn = null) =>
        new AnswerStage(new FakeModel((_, _) => AnswerAsync(failure)), standIn, [], _progress, new HurriedTime())
            .RunAsync(new ModelRequest("q", [], null), Token);

    private async IAsyncEnumerable<string> AnswerAsync(Func<int, Exception?> failure)
    {
        _attempts++;
        string[] pieces = ["all ", "of it"];
        for (int i = 0; i < pieces.Length; i++)
        {
            await Task.Yield();
            if (failure(i) is { } thrown) throw thrown;
            yield return pieces[i];
        }
    }

    /// <summary>Waits of less than a minute are over at once: backoffs are, deadlines are not.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime < TimeSpan.FromMinutes(1) && dueTime > TimeSpan.Zero ? TimeSpan.Zero : dueTime, period);
    }
}
