using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sheaf.Engine;

/// <summary>Names the async method that a task goes on with, for messages to its author.</summary>
internal static class CodePlace
{
    /// <summary>
    /// The continuation of an await on a scheduler is a task whose state is the delegate of the compiler's state machine;
    /// its type names the method. Where that cannot be read, the message says so and nothing else depends on it.
    /// </summary>
    public static string Of(Task task)
    {
        Type? machine = ((task.AsyncState as Delegate)?.Target?.GetType() ?? task.GetType())
            .GetGenericArguments()
            .FirstOrDefault(type => typeof(IAsyncStateMachine).IsAssignableFrom(type));
        if (machine is null) return "an async method of the workflow";
        string name = machine.Name;
        int end = name.LastIndexOf('>');
        int begin = name.LastIndexOf('<', Math.Max(end, 0));
        string method = begin >= 0 && end > begin + 1 ? name[(begin + 1)..end] : name;
        Type? type = machine.DeclaringType;
        while (type?.GetCustomAttribute<CompilerGeneratedAttribute>() is not null && type.DeclaringType is { } outer) type = outer;
        return type is null ? method : $"{type.Name}.{method}";
    }
}
