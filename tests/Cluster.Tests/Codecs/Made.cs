using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.ExceptionServices;

namespace Sheaf.Cluster.Tests.Codecs;

/// <summary>Things to send.</summary>
internal static class Made
{
    internal static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal static CancellationCause Cause { get; } = new(CancellationCauseKind.ParentCancelled, "why", "who", Noon)
    {
        Parent = new CancellationCause(CancellationCauseKind.Requested, "enough", null, Noon.AddMinutes(-1)),
    };

    /// <summary>A group inside a group, with origins, a cause, data, an inner exception and omitted failures.</summary>
    internal static ExceptionGroup Tree()
    {
        FormatException format = new("bad", new IOException("disk")) { Data = { ["line"] = 7 } };
        ExceptionDispatchInfo.SetRemoteStackTrace(format, "   at Far.Away()");
        Children inner = new();
        inner.Add(format, [new FailureOrigin { Path = ["leaf"], Worker = "parse/v1", Silo = "S1", Attempt = 2, Delivery = 3, StartedAt = Noon, EndedAt = Noon.AddSeconds(1) }]);
        inner.Add(new OmittedFailures("System.FormatException", ["System.SystemException", "System.Exception"], 40), []);
        Children outer = new();
        outer.Add(new ExceptionGroup("nested", inner, Cause), [new FailureOrigin { Path = ["group"], WorkflowId = "w" }]);
        outer.Add(new TimeoutException("slow"), [new FailureOrigin { Path = ["slow"] }]);
        return new ExceptionGroup("all", outer, cause: null);
    }

    /// <summary>An exception of a type that only this call's caller has: made at run time, in an assembly that nobody can load.</summary>
    internal static Exception Unloadable(string message)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Far.Away"), AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder type = assembly.DefineDynamicModule("Far.Away").DefineType("Far.Away.DiskException", TypeAttributes.Public, typeof(IOException));
        ConstructorInfo inherited = typeof(IOException).GetConstructor([typeof(string)])!;
        ILGenerator il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(string)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Call, inherited);
        il.Emit(OpCodes.Ret);
        return (Exception)Activator.CreateInstance(type.CreateType(), message)!;
    }
}

/// <summary>What users write, with nothing for Orleans on it.</summary>
public class PlainException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A group that its author has not given a codec.</summary>
public sealed class BatchFailed(string message, IEnumerable<Exception> exceptions) : ExceptionGroup(message, exceptions)
{
    protected override ExceptionGroup Derive(string message, IReadOnlyList<Exception> exceptions) => new BatchFailed(message, exceptions);
}

/// <summary>A group that has one.</summary>
public sealed class OrderFailed(string order, IEnumerable<Exception> exceptions) : ExceptionGroup(order, exceptions);

[GenerateSerializer]
internal readonly struct OrderFailedSurrogate(Failure failure)
{
    [Id(0)]
    public readonly Failure Failure = failure;
}

[RegisterConverter]
internal sealed class OrderFailedConverter : IConverter<OrderFailed, OrderFailedSurrogate>
{
    public OrderFailed ConvertFromSurrogate(in OrderFailedSurrogate surrogate) => new(surrogate.Failure.Message, ((ExceptionGroup)surrogate.Failure.ToException()).InnerExceptions);

    public OrderFailedSurrogate ConvertToSurrogate(in OrderFailed value) => new(Failure.From(value));
}
