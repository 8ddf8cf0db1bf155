using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Orleans.Storage;

namespace Sheaf.Calls;

/// <summary>
/// Saves what grains throw from Orleans' serializer, for calls that Sheaf has marked (rule E5): it leaves the silo as a
/// <see cref="RemoteException"/>, which always can be sent. All other calls pass through untouched.
/// </summary>
/// <remarks>
/// <para>
/// Cancellation is judged here, where the method ran (rule R4): only an <see cref="OperationCanceledException"/> that left it after its
/// token was signalled leaves as one. Any other is a failure, and leaves as such.
/// </para>
/// <para>
/// A filter sees a method's answer only after Orleans has dropped all but the first of its exceptions. For marked calls this one
/// therefore takes the rest of the way itself, through the filters after it and to the method.
/// </para>
/// </remarks>
internal sealed class SavingCallFilter(IServiceProvider services) : IIncomingGrainCallFilter
{
    private readonly Lazy<IIncomingGrainCallFilter[]?> _after = new(() => FindAfter(services));

    public Task Invoke(IIncomingGrainCallContext context) =>
        CallMark.Consume(context.TargetId) ? InvokeMarked(context) : context.Invoke();

    private async Task InvokeMarked(IIncomingGrainCallContext context)
    {
        MarkedCallContext? call = Take(context);
        try
        {
            await (call ?? context).Invoke();
            if (call is not null) context.Response = call.Response;
            // A filter may answer with an exception that it does not throw.
            if (context.Response?.Exception is { } answered) ExceptionDispatchInfo.Throw(answered);
        }
        catch (Exception thrown)
        {
            // Where a filter has put another exception in place of the method's, that one is the call's end.
            IReadOnlyList<Exception> errors = call?.Errors is [var first, ..] all && ReferenceEquals(first, thrown) ? all : [thrown];
            KeepStateHonest(context, errors);
            throw Saved(context, errors);
        }
    }

    /// <summary>Null where the rest of the way is not known: Orleans takes it then, and all but the first exception is lost.</summary>
    private MarkedCallContext? Take(IIncomingGrainCallContext context)
    {
        if (_after.Value is not { } after || CallRoot.For(context.Request) is not { } root) return null;
        if (context.Grain is IIncomingGrainCallFilter own) after = [.. after, own];
        return new(context, after, root, services.GetRequiredService<DeepCopier<Response>>());
    }

    private static Exception Saved(IIncomingGrainCallContext context, IReadOnlyList<Exception> errors)
    {
        string name = $"{context.InterfaceName}.{context.MethodName}";
        WorkEnd end = WorkEnd.Of(errors, context.Request.GetCancellationToken().IsCancellationRequested, isCancellation: null);
        // Without what may be inside it, which nobody asks of a cancellation and Orleans might not be able to send.
        if (end.Kind == OutcomeKind.Cancelled) return new OperationCanceledException($"{name} was cancelled.");
        var failure = Failure.From(end.Error(name)!);
        // Bounded as data (rule E7): a group's subclass takes part in its own rebuilding, and might throw.
        if (failure.ToException() is ExceptionGroup { LeafCount: > FailureCollector.DefaultMaxFailures } group)
            failure = Failure.From(FailureBounds.Bound(group, FailureCollector.DefaultMaxFailures));
        return FailureRestore.RestoreAsRemote(failure, FailureTypes.WellKnown);
    }

    /// <summary>
    /// Orleans deactivates a grain that lets an <see cref="InconsistentStateException"/> escape, and recognizes it by its type, which a
    /// saved failure has not.
    /// </summary>
    private static void KeepStateHonest(IIncomingGrainCallContext context, IReadOnlyList<Exception> errors)
    {
        if (errors.OfType<InconsistentStateException>().FirstOrDefault(IsOwn) is not { } stale) return;
        context.TargetContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, stale, "The grain's state is not what is stored."));
    }

    /// <summary>Whether it is of this grain's own state, and not of one that this grain called.</summary>
    private static bool IsOwn(InconsistentStateException stale)
    {
        try
        {
            return IsSourceActivation(stale);
        }
        catch (MissingMethodException)
        {
            // Another Orleans may store it elsewhere. A deactivation too many only costs an activation.
            return true;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IsSourceActivation")]
    private static extern bool IsSourceActivation(InconsistentStateException exception);

    /// <summary>The filters after this one, as Orleans lists them; null where this one is not among them.</summary>
    private static IIncomingGrainCallFilter[]? FindAfter(IServiceProvider services)
    {
        IIncomingGrainCallFilter[] all = [.. services.GetServices<IIncomingGrainCallFilter>()];
        int own = Array.FindIndex(all, filter => filter is SavingCallFilter);
        return own < 0 ? null : all[(own + 1)..];
    }
}
