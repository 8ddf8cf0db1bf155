namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E6")]
public sealed class FailureTypesTests
{
    public static TheoryData<string> WellKnown => [.. WellKnownTypes.Names.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(WellKnown))]
    public void WellKnownType_RoundTrip_IsItselfWithTheSameMessage(string typeName)
    {
        foreach (string message in new[] { "message (Parameter 'x')", "", "Line 1\nLine 2" })
        {
            Failure failure = new() { TypeName = typeName, Message = message, StackTrace = "   at There()",
                Inner = [new() { TypeName = "System.TimeoutException", Message = "inner" }] };

            Exception restored = failure.ToException();

            Assert.Equal(typeName, restored.GetType().FullName);
            Assert.Equal(message, restored.Message);
            Assert.Equal("inner", Assert.IsType<TimeoutException>(restored.InnerException).Message);
            Assert.StartsWith("   at There()", restored.StackTrace, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ToException_ArgumentException_KeepsTheMessageIdentical()
    {
        ArgumentException original = Assert.ThrowsAny<ArgumentException>(() => Bad("text"));

        Exception restored = Failure.From(original).ToException();

        Assert.IsType<ArgumentException>(restored);
        Assert.Contains("'name'", restored.Message, StringComparison.Ordinal);
        Assert.Equal(original.Message, restored.Message);
        ArgumentOutOfRangeException outOfRange = Assert.Throws<ArgumentOutOfRangeException>(() => new List<int>().RemoveAt(5));
        Assert.Equal(outOfRange.Message, Assert.IsType<ArgumentOutOfRangeException>(Failure.From(outOfRange).ToException()).Message);
    }

    [Fact]
    public void ToException_Thrown_KeepsTheRemoteStackInFront()
    {
        Exception restored = Failure.From(Trees.Thrown(new FormatException("x"))).ToException();
        string? remote = restored.StackTrace;

        FormatException caught = Assert.Throws<FormatException>(() =>
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(restored));

        Assert.Contains(nameof(Trees.Thrown), remote, StringComparison.Ordinal);
        Assert.StartsWith(remote!, caught.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void ToException_UnknownType_IsARemoteExceptionThatShowsAll()
    {
        CustomException original = Trees.Thrown(new CustomException("what"));
        original.Data["k"] = "v";
        var failure = Failure.From(original);

        var remote = Assert.IsType<RemoteException>(failure.ToException());

        Assert.Equal(typeof(CustomException).FullName, remote.RemoteTypeName);
        Assert.Equal("what", remote.Message);
        Assert.Null(remote.RestorationError);
        Assert.StartsWith($"{typeof(CustomException).FullName}: what", remote.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(Trees.Thrown), remote.ToString(), StringComparison.Ordinal);
        Assert.Same(failure, Failure.From(remote));
        Assert.Equal(failure, Failure.From(new ExceptionGroup("g", [Trees.Thrown(remote)])).Inner[0]);
    }

    [Fact]
    public void ToException_LoadableButUnregisteredType_IsNeverInstantiated() =>
        Assert.IsType<RemoteException>(new Failure { TypeName = typeof(System.Net.Sockets.SocketException).FullName!,
            Message = "x" }.ToException());

    [Fact]
    public void Register_MessageFactory_GivesTheTypeWithStackAndData()
    {
        CustomException original = Trees.Thrown(new CustomException("what"));
        original.Data["k"] = 5;
        FailureTypes types = new FailureTypes().Register((message, _) => new CustomException(message));

        var restored = Assert.IsType<CustomException>(Failure.From(original).ToException(types));

        Assert.Equal("what", restored.Message);
        Assert.Equal("5", restored.Data["k"]);
        Assert.Equal(5, original.Data["k"]);
        Assert.Contains(nameof(Trees.Thrown), restored.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Register_FailureFactory_SeesTheDataAndReplacesTheFormer()
    {
        CustomException original = new("what");
        original.Data["k"] = "v";
        FailureTypes types = new FailureTypes()
            .Register<CustomException>((message, _) => new CustomException(message))
            .Register<CustomException>((failure, _) => new CustomException(failure.Message + failure.Data["k"]));

        Assert.Equal("whatv", Failure.From(original).ToException(types).Message);
        Assert.IsType<RemoteException>(Failure.From(original).ToException());
    }

    [Fact]
    public void Register_FrameworkType_GoesBeforeTheBuiltIn()
    {
        FailureTypes types = new FailureTypes().Register<FormatException>((string message, Exception? inner) =>
            new("mine: " + message, inner));

        Assert.Equal("mine: x", Failure.From(new FormatException("x")).ToException(types).Message);
    }

    [Fact]
    public void Register_FactoryThrows_NothingIsLost()
    {
        FailureTypes types = new FailureTypes().Register<CustomException>((string _, Exception? _) =>
            throw new TimeoutException("factory"));
        var failure = Failure.From(Trees.Thrown(new CustomException("what")));

        var remote = Assert.IsType<RemoteException>(failure.ToException(types));

        Assert.Equal("factory", Assert.IsType<TimeoutException>(remote.RestorationError).Message);
        Assert.Contains("factory", remote.ToString(), StringComparison.Ordinal);
        Assert.Equal(failure, remote.Failure);
    }

    [Fact]
    public void Register_FactoryReturnsAUsedInstanceOrNull_IsARemoteException()
    {
        CustomException used = Trees.Thrown(new CustomException("used"));
        var failure = Failure.From(Trees.Thrown(new CustomException("what")));

        FailureTypes reused = new FailureTypes().Register<CustomException>((string _, Exception? _) => used);
        FailureTypes none = new FailureTypes().Register<CustomException>((string _, Exception? _) => null!);

        Assert.NotNull(Assert.IsType<RemoteException>(failure.ToException(reused)).RestorationError);
        Assert.NotNull(Assert.IsType<RemoteException>(failure.ToException(none)).RestorationError);
    }

    [Fact]
    public void Register_GroupsAndStandIns_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new FailureTypes().Register<ExceptionGroup>((message, _) =>
            new(message, [new IOException()])));
        Assert.Throws<ArgumentException>(() => new FailureTypes().Register<RemoteException>((string _, Exception? _) => null!));
    }

    [Fact]
    public void ToException_GroupAndOmitted_AreThemselves()
    {
        CancellationCause cause = new(CancellationCauseKind.RaceLost, null, "x", default);
        ExceptionGroup group = Trees.Group("g", cause, (new FormatException("1"), [Trees.At("a")]),
            (new OmittedFailures("X.Y", ["X"], 4), []));

        var restored = Assert.IsType<ExceptionGroup>(Failure.From(Trees.Thrown(group)).ToException());

        Assert.Equal("g", restored.Title);
        Assert.Equal(cause, restored.Cause);
        Assert.Equal("a", restored.Leaves.First().Origins[0].ToString());
        Assert.Equal(4, Assert.IsType<OmittedFailures>(restored.InnerExceptions[1]).Count);
        Assert.Contains(nameof(Trees.Thrown), restored.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void ToException_EmptyGroupOrSeveralInner_IsKeptAsData()
    {
        Assert.IsType<RemoteException>(new Failure { TypeName = "Sheaf.ExceptionGroup", IsGroup = true }.ToException());
        Failure several = new() { TypeName = "System.FormatException", Inner = [new() { TypeName = "A" }, new() { TypeName = "B" }] };
        Assert.Same(several, Assert.IsType<RemoteException>(several.ToException()).Failure);
    }

    private static void Bad(string name) => throw new ArgumentException("bad", nameof(name));
}
