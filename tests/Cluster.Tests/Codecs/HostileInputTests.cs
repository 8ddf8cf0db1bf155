using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using Sheaf.Codecs;

namespace Sheaf.Cluster.Tests.Codecs;

public sealed class HostileInputTests
{
    [Fact]
    [Trait("Rule", "E5")]
    public void Read_TextOverTheLimit_IsRefused() =>
        Assert.Throws<SerializationException>(() => FailureText.Read(new string(' ', FailureText.MaxCharacters + 1)));

    [Fact]
    [Trait("Rule", "E5")]
    public void Read_NoText_IsRefused() => Assert.Throws<SerializationException>(() => FailureText.Read(null));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"v":2}""")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":7,"message":""}]}""")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","inner":[0]}]}""")]
    [Trait("Rule", "E5")]
    public void Read_NotAFailure_IsRefused(string text) => Assert.ThrowsAny<JsonException>(() => FailureText.Read(text));

    [Fact]
    [Trait("Rule", "E5")]
    public void Read_OneStackForManyFailures_IsRefusedBeforeItIsRestored()
    {
        // A text of a megabyte that would become exceptions with ten gigabytes of stack traces.
        StringBuilder text = new("""{"v":1,"stacks":[" """);
        text.Append('x', 500_000).Append("""" "],"types":[["X"]],"nodes":[{"type":0,"message":"","group":true,"inner":[1"""");
        for (int i = 2; i <= 10_000; i++) text.Append(',').Append(i);
        text.Append("]}");
        for (int i = 1; i <= 10_000; i++) text.Append(""",{"type":0,"message":"","stack":0}""");
        text.Append("]}");

        Assert.Throws<SerializationException>(() => FailureText.Read(text.ToString()));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Read_NestedBeyondTheDepth_IsRefused()
    {
        Failure failure = new() { TypeName = "X", IsGroup = true };
        for (int i = 0; i < 200_000; i++) failure = new() { TypeName = "X", IsGroup = true, Inner = [failure] };

        Assert.Throws<SerializationException>(() => FailureText.Read(failure.ToJson()));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Restore_LongChainOfInnerExceptions_CanBePrinted()
    {
        Failure failure = new() { TypeName = "System.FormatException" };
        for (int i = 0; i < 9_000; i++) failure = new() { TypeName = "System.FormatException", Inner = [failure] };

        Exception restored = Wire.Send(failure).ToException();

        Assert.NotEmpty(restored.ToString());
    }

    [Fact]
    [Trait("Rule", "E7")]
    public void Write_GroupOverTheBudget_IsShortened()
    {
        string message = new('m', Failure.MaxMessageLength);
        ExceptionGroup sent = new("g", Enumerable.Range(0, 2_000).Select(_ => new FormatException(message)));

        ExceptionGroup received = Wire.Send(sent);

        Assert.Equal(2_000, received.InnerExceptions.Count);
        Assert.All(received.InnerExceptions, leaf => Assert.EndsWith("… <cut: 32768 characters>", Assert.IsType<FormatException>(leaf).Message, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "E7")]
    public void Write_FailureOverTheLimit_CountsWhatItCannotHold()
    {
        string message = new('m', Failure.MaxMessageLength);
        Failure[] leaves = [.. Enumerable.Range(0, 2_000).Select(i => new Failure { TypeName = i % 2 == 0 ? "A" : "B", Message = message })];

        Failure received = Wire.Send(new Failure { TypeName = "G", IsGroup = true, Inner = leaves });

        Assert.InRange(received.Inner.Count, 2, 1_999);
        Assert.Equal(["A 1000", "B 1000"], received.Inner.GroupBy(leaf => leaf.TypeName).Select(of => $"{of.Key} {of.Sum(leaf => Math.Max(1, leaf.OmittedCount))}").Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Write_FailureTooDeepToSend_KeepsItsOwnTypeAndMessage()
    {
        Failure failure = new() { TypeName = "X", IsGroup = true, Message = "leaf" };
        for (int i = 0; i < 20_000; i++) failure = new() { TypeName = "X", IsGroup = true, Message = "outer", Inner = [failure] };

        Failure received = Wire.Send(failure);

        Assert.Equal(("X", "outer"), (received.TypeName, received.Message));
        Assert.Contains("…", received.Data.Keys);
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Read_NamesOfDangerousTypes_AreOnlyNames()
    {
        Failure failure = new() { TypeName = "System.Diagnostics.Process, System.Diagnostics.Process", BaseTypeNames = ["System.Exception"], Message = "m" };

        RemoteException restored = Assert.IsType<RemoteException>(Wire.Send(failure).ToException());

        Assert.Null(restored.RestorationError);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public void ConvertCause_NoneOrTooMany_IsRefused()
    {
        CancellationCauseConverter converter = new();
        Assert.Throws<SerializationException>(() => converter.ConvertFromSurrogate(new CancellationCauseSurrogate([])));
        Assert.Throws<SerializationException>(() => converter.ConvertFromSurrogate(new CancellationCauseSurrogate(new CauseLink[CancellationCauseConverter.MaxCauses + 1])));
    }
}
