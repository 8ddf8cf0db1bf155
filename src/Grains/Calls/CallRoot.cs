using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Sheaf.Calls;

/// <summary>
/// Calls the grain's method and gives its own task. Orleans' <see cref="IInvokable.Invoke"/> awaits that task, which is left with
/// the first of its exceptions: the others of a <c>Task.WhenAll</c> would be lost.
/// </summary>
/// <remarks>
/// Uses the member that Orleans' generated requests implement, <c>InvokeInner</c>. It is protected, and a later Orleans may have
/// another: where it is not found there is no root, and only the first exception is seen.
/// </remarks>
internal abstract class CallRoot
{
    private static readonly ConcurrentDictionary<Type, CallRoot?> Known = new();

    /// <summary>The root for a request; null for kinds of request that are not known.</summary>
    internal static CallRoot? For(IInvokable request) => Known.GetOrAdd(request.GetType(), Find);

    /// <summary>Calls the method on the request's target. What is thrown before there is a task comes out of here.</summary>
    internal abstract Task Start(IInvokable request);

    /// <summary>The answer of a task that has succeeded.</summary>
    internal abstract Response Answer(Task task);

    private static CallRoot? Find(Type type)
    {
        Type? known = type;
        while (known is not null && known.Assembly != typeof(TaskRequest).Assembly) known = known.BaseType;
        if (known is null) return null;
        if (known == typeof(TaskRequest)) return Plain<Func<TaskRequest, Task>>(known, inner => new TaskRoot<TaskRequest>(inner));
        if (known == typeof(Request)) return Plain<Func<Request, ValueTask>>(known, inner => new TaskRoot<Request>(request => inner(request).AsTask()));
        if (!known.IsConstructedGenericType) return null;
        Type definition = known.GetGenericTypeDefinition();
        if (definition != typeof(TaskRequest<>) && definition != typeof(Request<>)) return null;
        MethodInfo make = (definition == typeof(TaskRequest<>) ? (Func<CallRoot?>)OfTask<object> : OfValueTask<object>).Method.GetGenericMethodDefinition();
        return (CallRoot?)make.MakeGenericMethod(known.GenericTypeArguments).Invoke(null, null);
    }

    private static CallRoot? OfTask<T>() =>
        Plain<Func<TaskRequest<T>, Task<T>>>(typeof(TaskRequest<T>), inner => new ValueRoot<TaskRequest<T>, T>(inner));

    private static CallRoot? OfValueTask<T>() =>
        Plain<Func<Request<T>, ValueTask<T>>>(typeof(Request<T>), inner => new ValueRoot<Request<T>, T>(request => inner(request).AsTask()));

    private static CallRoot? Plain<TInner>(Type type, Func<TInner, CallRoot> make)
        where TInner : Delegate
    {
        MethodInfo? method = type.GetMethod("InvokeInner", BindingFlags.Instance | BindingFlags.NonPublic, Type.EmptyTypes);
        return method is not null && Delegate.CreateDelegate(typeof(TInner), method, throwOnBindFailure: false) is TInner inner ? make(inner) : null;
    }

    private sealed class TaskRoot<TRequest>(Func<TRequest, Task> inner) : CallRoot
    {
        internal override Task Start(IInvokable request) => inner((TRequest)request);

        internal override Response Answer(Task task) => Response.Completed;
    }

    private sealed class ValueRoot<TRequest, T>(Func<TRequest, Task<T>> inner) : CallRoot
    {
        internal override Task Start(IInvokable request) => inner((TRequest)request);

        internal override Response Answer(Task task) => Response.FromResult(((Task<T>)task).Result);
    }
}
