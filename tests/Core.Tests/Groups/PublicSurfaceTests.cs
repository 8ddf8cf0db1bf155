using System.Reflection;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

public sealed class PublicSurfaceTests
{
    /// <summary>What the language itself calls.</summary>
    private static readonly string[] Allowed =
    [
        "ChildAwaiter.OnCompleted",
        "ChildAwaiter.UnsafeOnCompleted",
        "ChildAwaiter`1.OnCompleted",
        "ChildAwaiter`1.UnsafeOnCompleted",
    ];

    [Fact]
    public void PublicMembers_NoneTakesADelegateThatAnAsyncLambdaWouldMakeAsyncVoid()
    {
        IEnumerable<string> takers =
            from type in typeof(TaskGroup).Assembly.GetExportedTypes()
            where !typeof(Delegate).IsAssignableFrom(type)
            from method in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>()
            from parameter in method.GetParameters()
            where ReturnsVoid(parameter.ParameterType)
            select $"{type.Name}.{method.Name}";
        Assert.Equal(Allowed, takers.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AsyncLambdas_BindToTheTaskOverloads()
    {
        await TaskGroup.RunAsync(async group =>
        {
            await Task.Yield();
            ChildTask nothing = group.Start(async _ => await Task.Yield());
            ChildTask named = group.Start("n", async _ => { await Task.Yield(); });
            ChildTask<int> value = group.Start(async _ =>
            {
                await Task.Yield();
                return 1;
            });
            ChildTask<string> text = group.Start("s", _ => Task.FromResult("x"));
            ChildTask<int> nested = group.GroupAsync("g", async _ =>
            {
                await Task.Yield();
                return 2;
            });
            // Handles of several types go into one WhenAll, and a typed one is a task without a value too.
            await Task.WhenAll(nothing, named, value, text, nested);
            Task plain = value;
            Task<int> typed = value;
            await plain;
            Assert.Equal(3, await typed + await nested);
        }).Within("the group's end");
    }

    private static bool ReturnsVoid(Type type)
    {
        if (type.IsByRef || type.IsArray) return ReturnsVoid(type.GetElementType()!);
        if (typeof(Delegate).IsAssignableFrom(type)) return type.GetMethod("Invoke")?.ReturnType == typeof(void);
        return type.IsGenericType && type.GetGenericArguments().Any(ReturnsVoid);
    }
}
