namespace Sheaf.Cluster.Tests.Codecs;

public sealed class ExceptionGroupCodecTests
{
    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_GroupInExceptionField_ArrivesWhole()
    {
        ExceptionGroup sent = Made.Tree();

        Exception received = Wire.Send<Exception>(sent);

        AssertSame(sent, received);
    }

    [Fact]
    [Trait("Rule", "E4")]
    public void Copier_GroupInsideSilo_IsShared()
    {
        ExceptionGroup sent = Made.Tree();

        Assert.Same(sent, Wire.Copy(sent));
        Assert.Same(sent, Wire.Copy<Exception>(sent));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Serializer_TypeTheReceiverRegistered_IsThatTypeAgain()
    {
        FailureTypes receiver = new FailureTypes().Register((message, inner) => new PlainException(message, inner));
        ExceptionGroup sent = new("g", [new PlainException("own", new FormatException("inner"))]);

        ExceptionGroup received = Wire.Send(sent, receiver);

        PlainException leaf = Assert.IsType<PlainException>(Assert.Single(received.InnerExceptions));
        Assert.Equal("own", leaf.Message);
        Assert.IsType<FormatException>(leaf.InnerException);
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Serializer_TypeNobodyCanLoad_ArrivesAsStandInThatMatchesByName()
    {
        ExceptionGroup received = Wire.Send(new ExceptionGroup("g", [Made.Unloadable("disk full")]));

        RemoteException leaf = Assert.IsType<RemoteException>(Assert.Single(received.InnerExceptions));
        Assert.Equal("Far.Away.DiskException", leaf.RemoteTypeName);
        Assert.Equal("disk full", leaf.Message);
        Assert.True(received.Contains<IOException>());
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Serializer_TypeThatIsLoadedButNotRegistered_IsNotInstantiated()
    {
        ExceptionGroup received = Wire.Send(new ExceptionGroup("g", [new PlainException("m")]));

        Assert.IsType<RemoteException>(Assert.Single(received.InnerExceptions));
        Assert.True(received.Contains<PlainException>());
    }

    [Fact]
    [Trait("Rule", "E2")]
    public void Serializer_SubclassWithoutCodec_ArrivesAsGroup()
    {
        Exception received = Wire.Send<Exception>(new BatchFailed("batch", [new FormatException("a"), new BatchFailed("inner", [new IOException("b")])]));

        ExceptionGroup group = Assert.IsType<ExceptionGroup>(received);
        Assert.Equal("batch", group.Title);
        Assert.IsType<ExceptionGroup>(group.InnerExceptions[1]);
        Assert.Equal(2, group.LeafCount);
    }

    [Fact]
    [Trait("Rule", "E2")]
    public void Serializer_SubclassWithItsOwnConverter_KeepsItsType()
    {
        OrderFailed received = Assert.IsType<OrderFailed>(Wire.Send<Exception>(new OrderFailed("order 7", [new FormatException("a")])));

        Assert.Equal("order 7", received.Title);
    }

    [Fact]
    [Trait("Rule", "E2")]
    public void Serializer_SubclassesInFieldsOfTheBase_ArriveByTheirOwnCodecs()
    {
        ExceptionGroup[] sent = [new OrderFailed("order 7", [new FormatException("a")]), new BatchFailed("batch", [new FormatException("b")])];

        ExceptionGroup[] received = Wire.Send(sent);

        Assert.IsType<OrderFailed>(received[0]);
        Assert.Equal("batch", Assert.IsType<ExceptionGroup>(received[1]).Title);
        Assert.Equal(sent, Wire.Copy(sent));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_GroupAsInnerException_ArrivesWhole()
    {
        Exception received = Wire.Send<Exception>(new InvalidOperationException("outer", Made.Tree()));

        Assert.IsType<InvalidOperationException>(received);
        AssertSame(Made.Tree(), received.InnerException!);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_NullGroup_IsNull() => Assert.Null(Wire.Send<ExceptionGroup?>(null));

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_SameGroupTwice_ArrivesTwice()
    {
        ExceptionGroup sent = Made.Tree();

        ExceptionGroup[] received = Wire.Send<ExceptionGroup[]>([sent, sent]);

        AssertSame(sent, received[0]);
        AssertSame(sent, received[1]);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_ThousandLeavesWithOneStack_SendItOnce()
    {
        ExceptionGroup sent = new("g", Enumerable.Range(0, 1_000).Select(_ => Made.Tree().Leaves.First().Exception));

        string text = Wire.Text(sent);

        Assert.Single(Occurrences(text, "Far.Away()"));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_NestedDeeperThanAnyStack_Arrives()
    {
        ExceptionGroup sent = new("leaf", [new FormatException("deep")]);
        for (int i = 0; i < 9_000; i++) sent = new("level", [sent]);

        ExceptionGroup received = Wire.Send(sent);

        Assert.Equal(1, received.LeafCount);
        Assert.True(received.Contains<FormatException>());
    }

    private static void AssertSame(ExceptionGroup sent, Exception received)
    {
        ExceptionGroup group = Assert.IsType<ExceptionGroup>(received);
        Assert.NotSame(sent, group);
        Assert.Equal(Failure.From(sent), Failure.From(group));
        Assert.Equal(sent.Leaves.Select(leaf => (leaf.Exception.GetType(), string.Join(',', leaf.Origins))), group.Leaves.Select(leaf => (leaf.Exception.GetType(), string.Join(',', leaf.Origins))));
    }

    private static IEnumerable<int> Occurrences(string text, string part)
    {
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal)) yield return at;
    }
}
