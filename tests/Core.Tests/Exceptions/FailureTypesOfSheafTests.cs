namespace Sheaf.Core.Tests.Exceptions;

public sealed class FailureTypesOfSheafTests
{
    [Theory]
    [Trait("Rule", "E6")]
    [MemberData(nameof(Own))]
    public void ToException_SheafsOwnType_IsThatTypeAgain(Exception thrown)
    {
        Exception restored = Failure.FromJson(Failure.From(thrown).ToJson()).ToException();
        Assert.IsType(thrown.GetType(), restored);
        Assert.Equal(thrown.Message, restored.Message);
    }

    public static TheoryData<Exception> Own() => [new ChildAbandonedException("gone"), new DeadlineExceededException("late"), new NonDeterministicWorkflowException("differs"), new PayloadTooLargeException("large"), new WorkerLostException("lost"), new WorkflowStuckException("stuck"), new WorkflowTerminatedException("terminated")];
}
