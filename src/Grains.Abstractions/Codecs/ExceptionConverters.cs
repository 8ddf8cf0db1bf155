using System.Runtime.Serialization;

namespace Sheaf.Codecs;

/// <summary>
/// Carries an exception of Sheaf's as its <see cref="Failure"/>. On receipt it is the same type, and what is inside is restored by
/// rule E6. Inside a silo Orleans shares all exceptions.
/// </summary>
internal abstract class ExceptionConverter<T>(IServiceProvider services) : IConverter<T, FailureSurrogate>
    where T : Exception
{
    public T ConvertFromSurrogate(in FailureSurrogate surrogate)
    {
        Failure failure = FailureText.Read(surrogate.Json);
        return Restore(failure, ReceivedTypes.Of(services))
            ?? throw new SerializationException($"A failure that arrived as {typeof(T)} is a {failure.TypeName}.");
    }

    public FailureSurrogate ConvertToSurrogate(in T value) => new(FailureText.Write(Failure.From(value)));

    /// <summary>Null where the failure is not of this type.</summary>
    private protected virtual T? Restore(Failure failure, FailureTypes types) => failure.ToException(types) as T;
}

[RegisterConverter]
internal sealed class DeadlineExceededConverter(IServiceProvider services) : ExceptionConverter<DeadlineExceededException>(services);

[RegisterConverter]
internal sealed class NonDeterministicWorkflowConverter(IServiceProvider services) : ExceptionConverter<NonDeterministicWorkflowException>(services);

[RegisterConverter]
internal sealed class OmittedFailuresConverter(IServiceProvider services) : ExceptionConverter<OmittedFailures>(services);

[RegisterConverter]
internal sealed class PayloadTooLargeConverter(IServiceProvider services) : ExceptionConverter<PayloadTooLargeException>(services);

[RegisterConverter]
internal sealed class WorkerLostConverter(IServiceProvider services) : ExceptionConverter<WorkerLostException>(services);

[RegisterConverter]
internal sealed class WorkflowStuckConverter(IServiceProvider services) : ExceptionConverter<WorkflowStuckException>(services);

[RegisterConverter]
internal sealed class WorkflowTerminatedConverter(IServiceProvider services) : ExceptionConverter<WorkflowTerminatedException>(services);

/// <summary>Stays a stand-in, also where the receiver knows the type: it may stand in a field of its own type.</summary>
[RegisterConverter]
internal sealed class RemoteExceptionConverter(IServiceProvider services) : ExceptionConverter<RemoteException>(services)
{
    private protected override RemoteException Restore(Failure failure, FailureTypes types) => FailureRestore.RestoreAsRemote(failure, types);
}
