namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E3")]
public sealed class CatchAsyncTests
{
    private readonly ExceptionGroup _group = new("g", [new FormatException("1"),
        new ExceptionGroup("h", [new IOException("2"), new FormatException("3")]), new TimeoutException("4")]);

    [Fact]
    public async Task CatchAsync_HandlersInOrder_FirstMatchTakesAndEachRunsOnce()
    {
        List<string> ran = [];
        Task Note(string name, ExceptionGroup group)
        {
            ran.Add(name + Trees.Shape(group));
            return Task.CompletedTask;
        }

        await _group.CatchAsync(on => on
            .Type<FormatException>(group => Note("a", group))
            .Type<FormatException>(group => Note("never", group))
            .Type<IOException, TimeoutException>(async group =>
            {
                await Task.Yield();
                await Note("b", group);
            })
            .When(_ => true, group => Note("never", group)));

        Assert.Equal("a[1, [3]] b[[2], 4]", string.Join(' ', ran));
    }

    [Fact]
    public async Task CatchAsync_NoMatch_ThrowsTheOriginalWithItsStack()
    {
        ExceptionGroup group = Trees.Thrown(_group);

        var thrown = await Assert.ThrowsAsync<ExceptionGroup>(() => group.CatchAsync(on =>
            on.Type<RankException>(_ => Task.CompletedTask)));

        Assert.Same(group, thrown);
        Assert.Contains(nameof(Trees.Thrown), thrown.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CatchAsync_Rest_IsThrownInItsOwnShape() =>
        Assert.Equal("[[2], 4]", Trees.Shape(await Caught(_group, on => on.Type<FormatException>(_ => Task.CompletedTask))));

    [Fact]
    public async Task CatchAsync_HandlerThrows_BecomesASiblingOfTheRest()
    {
        Exception? thrown = await Caught(_group, on => on
            .Type<FormatException>(_ => throw new RankException("a"))
            .Type<IOException>(_ => throw new RankException("b")));

        Assert.Equal("[a, b, [4]]", Trees.Shape(thrown));
        Assert.Equal("", Assert.IsType<ExceptionGroup>(thrown).Title);
    }

    [Fact]
    public async Task CatchAsync_AllTakenAndOneHandlerThrows_ThrowsThatItself()
    {
        Exception? thrown = await Caught(_group, on => on.Type<Exception>(_ => throw new RankException("a")));

        Assert.IsType<RankException>(thrown);
    }

    [Fact]
    public async Task CatchAsync_HandlerRethrowsItsGroup_ItGoesBackToItsPlace()
    {
        Exception? thrown = await Caught(_group, on => on
            .Type<FormatException>(async group =>
            {
                await Task.Yield();
                throw group;
            })
            .Type<TimeoutException>(_ => Task.CompletedTask));

        Assert.Equal("[1, [2, 3]]", Trees.Shape(thrown));
        Assert.Equal("g", Assert.IsType<ExceptionGroup>(thrown).Title);
    }

    [Fact]
    public async Task CatchAsync_AllRethrown_IsTheOriginalInstance() =>
        Assert.Same(_group, await Caught(_group, on =>
            on.Type<FormatException>(group => throw group).Type<Exception>(group => Task.FromException(group))));

    [Fact]
    public async Task CatchAsync_HandlerRethrowsAPart_OnlyThatGoesBack()
    {
        Exception? thrown = await Caught(_group, on => on
            .Type<FormatException>(group => throw group.Subgroup(leaf => leaf.Message == "3")!)
            .Type<TimeoutException>(_ => throw new RankException("a")));

        Assert.Equal("[a, [[2, 3]]]", Trees.Shape(thrown));
    }

    [Fact]
    public async Task CatchAsync_HandlerThrowsANewGroupOfTheSameLeaves_IsRaisedNotPutBack()
    {
        Exception? thrown = await Caught(_group, on => on.Type<TimeoutException>(group =>
            throw new ExceptionGroup("new", group.InnerExceptions)));

        Assert.Equal("[[4], [1, [2, 3]]]", Trees.Shape(thrown));
    }

    [Fact]
    public async Task CatchAsync_HandlerCancelled_CountsLikeAnyException()
    {
        Exception? thrown = await Caught(_group, on => on
            .Type<FormatException>(_ => Task.FromCanceled(new CancellationToken(canceled: true)))
            .Type<Exception>(_ => throw new OperationCanceledException("b")));

        var group = Assert.IsType<ExceptionGroup>(thrown);
        Assert.Collection(
            group.InnerExceptions,
            inner => Assert.IsType<TaskCanceledException>(inner),
            inner => Assert.IsType<OperationCanceledException>(inner));
    }

    [Fact]
    public async Task CatchAsync_HandlerFailsWithSeveral_AllAreKept()
    {
        Exception? thrown = await Caught(_group, on => on.Type<Exception>(_ => Task.WhenAll(
            Task.FromException(new RankException("a")), Task.FromException(new RankException("b")))));

        Assert.Equal("[a, b]", Trees.Shape(thrown));
    }

    [Fact]
    public async Task CatchAsync_PredicateThrows_CountsAsRaisedAndTakesNothing()
    {
        Exception? thrown = await Caught(_group, on => on
            .When(_ => throw new RankException("a"), _ => Task.CompletedTask)
            .Type<FormatException>(_ => Task.CompletedTask));

        Assert.Equal("[a, [[2], 4]]", Trees.Shape(thrown));
    }

    [Fact]
    public async Task CatchAsync_Naked_HandlerGetsAGroupAndWhatNobodyTookIsNaked()
    {
        FormatException naked = new("1");
        string seen = "";
        await naked.CatchAsync(on => on.Type<FormatException>(group =>
        {
            seen = Trees.Shape(group);
            return Task.CompletedTask;
        }));

        Assert.Equal("[1]", seen);
        Assert.Same(naked, await Caught(naked, on => on.Type<IOException>(_ => Task.CompletedTask)));
        Assert.Same(naked, await Caught(naked, on => on.Type<FormatException>(group => throw group)));
        Assert.IsType<RankException>(await Caught(naked, on => on.Type<FormatException>(_ => throw new RankException())));
    }

    [Fact]
    public async Task CatchAsync_WrappedGroup_IsSeenThrough()
    {
        Exception wrapped = new AggregateException(_group);

        Assert.Equal("[[2], 4]", Trees.Shape(await Caught(wrapped, on => on.Type<FormatException>(_ => Task.CompletedTask))));
        Assert.Same(wrapped, await Caught(wrapped, on => on.Type<RankException>(_ => Task.CompletedTask)));
    }

    [Fact]
    public async Task CatchAsync_AggregateType_IsRefusedBeforeAnyHandlerRuns()
    {
        bool ran = false;

        await Assert.ThrowsAsync<ArgumentException>(() => _group.CatchAsync(on => on
            .Type<FormatException>(_ =>
            {
                ran = true;
                return Task.CompletedTask;
            })
            .Type<ExceptionGroup>(_ => Task.CompletedTask)));

        Assert.False(ran);
    }

    [Fact]
    public void CatchHandlers_Overloads_BindNoAsyncLambdaToAnAction()
    {
        Type[] parameters =
        [
            .. typeof(CatchHandlers).GetMethods().Concat(typeof(ExceptionGroup).GetMethods())
                .Where(method => method.Name is "Type" or "When" or "CatchAsync")
                .SelectMany(method => method.GetParameters())
                .Select(parameter => parameter.ParameterType),
        ];

        Assert.DoesNotContain(parameters, type => type.Name.StartsWith("Action", StringComparison.Ordinal));
    }

    internal static async Task<Exception?> Caught(Exception exception, Func<CatchHandlers, CatchHandlers> on)
    {
        try
        {
            await exception.CatchAsync(on);
            return null;
        }
        catch (Exception thrown)
        {
            return thrown;
        }
    }
}
