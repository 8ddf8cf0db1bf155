using Sheaf.Codecs;

namespace Sheaf.Cluster.Tests.Codecs;

public sealed class ConverterTests
{
    public static TheoryData<Exception> Own() =>
    [
        new DeadlineExceededException("late", new FormatException("inner")),
        new NonDeterministicWorkflowException("differs"),
        new OmittedFailures("System.FormatException", ["System.Exception"], 12),
        new PayloadTooLargeException("large"),
        new WorkerLostException("lost"),
        new WorkflowTerminatedException("terminated"),
        new WorkflowStuckException("stuck"),
    ];

    [Theory]
    [MemberData(nameof(Own))]
    [Trait("Rule", "E5")]
    public void Serializer_SheafsException_IsTheSameTypeAgain(Exception sent)
    {
        Exception received = Wire.Send(sent);

        Assert.IsType(sent.GetType(), received);
        Assert.Equal(Failure.From(sent), Failure.From(received));
        Assert.Same(sent, Wire.Copy(sent));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Serializer_RemoteException_StaysWhatItWas()
    {
        var sent = (RemoteException)new Failure { TypeName = "Far.Away", Message = "m", StackTrace = "   at Far()", Inner = [Failure.From(new FormatException("inner"))] }.ToException();

        foreach (RemoteException received in new[] { Wire.Send(sent), (RemoteException)Wire.Send<Exception>(sent) })
        {
            Assert.Equal(sent.Failure, received.Failure);
            Assert.IsType<FormatException>(received.InnerException);
            Assert.StartsWith("   at Far()", received.StackTrace, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_Failure_RoundTrips()
    {
        var sent = Failure.From(Made.Tree());

        Assert.Equal(sent, Wire.Send(sent));
        Assert.Same(sent, Wire.Copy(sent));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public void Serializer_GroupCancelled_KeepsCauseAndOutcomes()
    {
        FailureOrigin origin = new() { Path = ["b"], Attempt = 2 };
        GroupCancelledException sent = new(
            "tools was cancelled",
            Made.Cause,
            [
                new Outcome("a", 0, OutcomeKind.NotStarted, exception: null, origin: null, new OutcomeTimes(null, Made.Noon), attempts: 0),
                new Outcome("b", 1, OutcomeKind.Failed, Made.Tree(), origin, new OutcomeTimes(Made.Noon, Made.Noon.AddSeconds(2)), attempts: 2),
            ],
            CancellationToken.None);

        GroupCancelledException received = Assert.IsType<GroupCancelledException>(Wire.Send<Exception>(sent));
        Assert.Equal(sent.Message, received.Message);
        Assert.Equal(sent.Cause, received.Cause);
        Assert.Equal(["a", "b"], received.Outcomes.Select(outcome => outcome.Name));
        Outcome failed = received.Outcomes[1];
        Assert.Equal((1, OutcomeKind.Failed, 2, TimeSpan.FromSeconds(2)), (failed.Ordinal, failed.Kind, failed.Attempts, failed.Duration));
        Assert.Equal(origin, failed.Origin);
        Assert.Equal(Failure.From(Made.Tree()), Failure.From(failed.Exception!));
        Assert.Null(received.Outcomes[0].StartedAt);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public void Serializer_CancellationCause_KeepsItsParents()
    {
        Assert.Equal(Made.Cause, Wire.Send(Made.Cause));
        Assert.Same(Made.Cause, Wire.Copy(Made.Cause));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public void Serializer_MoreCausesThanAreSent_KeepsNearestAndRoot()
    {
        CancellationCause cause = new(CancellationCauseKind.Requested, "root", null, Made.Noon);
        for (int i = 0; i < 2_000; i++) cause = new(CancellationCauseKind.ParentCancelled, null, $"scope {i}", Made.Noon) { Parent = cause };

        CancellationCause received = Wire.Send(cause);

        Assert.Equal("scope 1999", received.By);
        Assert.Equal("root", received.Root.Reason);
        int count = 0;
        for (CancellationCause? at = received; at is not null; at = at.Parent) count++;
        Assert.Equal(CancellationCauseConverter.MaxCauses, count);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_WorkflowId_RoundTrips()
    {
        Assert.Equal(new WorkflowId("order/7"), Wire.Send(new WorkflowId("order/7")));
        Assert.Equal(default, Wire.Send(default(WorkflowId)));
        Assert.Equal(new WorkflowId("order/7"), Wire.Copy(new WorkflowId("order/7")));
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void Serializer_AnyOfCoresTypes_HasNoClrNameOnTheWire()
    {
        object[] all = [.. Own().Select(row => (object)row.Data), Made.Tree(), Made.Cause, new WorkflowId("w"), new Failure { TypeName = "X" }, new Failure { TypeName = "X" }.ToException()];

        foreach (object value in all)
        {
            string text = Wire.Text(value);
            Assert.Contains("sheaf.", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Sheaf.Core", text, StringComparison.Ordinal);
        }
    }
}
