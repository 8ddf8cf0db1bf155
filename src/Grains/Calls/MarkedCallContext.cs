using System.Reflection;
using System.Runtime.ExceptionServices;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Sheaf.Calls;

/// <summary>
/// A marked call on its way through what is left of the silo's filters, as they would see it anyway, to a root that keeps the method's
/// own task.
/// </summary>
/// <param name="outer">The call as Orleans has it.</param>
/// <param name="filters">The filters still to come, the grain's own last.</param>
/// <param name="root">Calls the method.</param>
/// <param name="copier">Copies the answer, so that filters cannot change what the grain keeps.</param>
/// <remarks>Used by one call; filters run one inside the other.</remarks>
internal sealed class MarkedCallContext(IIncomingGrainCallContext outer, IReadOnlyList<IIncomingGrainCallFilter> filters, CallRoot root, DeepCopier<Response> copier) : IIncomingGrainCallContext
{
    private int _next;

    /// <summary>What left the method: all of it. Empty where nothing did.</summary>
    internal IReadOnlyList<Exception> Errors { get; private set; } = [];

    public IInvokable Request => outer.Request;

    public object Grain => outer.Grain;

    public GrainId? SourceId => outer.SourceId;

    public GrainId TargetId => outer.TargetId;

    public GrainInterfaceType InterfaceType => outer.InterfaceType;

    public string InterfaceName => outer.InterfaceName;

    public string MethodName => outer.MethodName;

    public MethodInfo InterfaceMethod => outer.InterfaceMethod;

    public MethodInfo ImplementationMethod => outer.ImplementationMethod;

    public IGrainContext TargetContext => outer.TargetContext;

    public Response? Response { get; set; }

    public object? Result
    {
        get => Response is { Exception: null } response ? response.Result : null;
        set => Response = Response.FromResult(value);
    }

    public async Task Invoke()
    {
        if (_next > filters.Count) throw new InvalidOperationException("A grain call filter passed on a call that it had passed on already.");
        int stage = _next++;
        try
        {
            if (stage == filters.Count)
            {
                await InvokeMethod();
                return;
            }

            await filters[stage].Invoke(this);
            if (Response is null) throw new InvalidOperationException($"The grain call filter {filters[stage].GetType()} neither passed the call on nor answered it.");
        }
        finally
        {
            // As Orleans does it: a filter may pass a call on again, to try it once more.
            _next = stage;
        }
    }

    private async Task InvokeMethod()
    {
        Errors = [];
        Task? task = null;
        try
        {
            task = root.Start(Request) ?? throw new InvalidOperationException($"{InterfaceName}.{MethodName} returned no task.");
            await task;
        }
        catch (Exception thrown)
        {
            Errors = task?.Exception?.InnerExceptions ?? [thrown];
            ExceptionDispatchInfo.Throw(thrown);
        }

        Response = copier.Copy(root.Answer(task));
    }
}
