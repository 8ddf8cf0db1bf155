using Orleans.Hosting;
using Orleans.Runtime;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>Breaks what goes from silo to silo, as a network does.</summary>
internal static class CallFilters
{
    /// <summary>Calls that are chosen fail before they leave.</summary>
    /// <param name="silo">The silo's builder.</param>
    /// <param name="fails">Whether a call fails: the grain's key, the method's name.</param>
    public static void Break(this ISiloBuilder silo, Func<string, string, bool> fails) => silo.AddOutgoingGrainCallFilter(async call =>
    {
        if (fails(call.TargetId.Key.ToString()!, call.MethodName)) throw new OrleansException($"{call.MethodName} is cut off by the test.");
        await call.Invoke();
    });
}
