using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sheaf.Samples.FanOut.Workers;

/// <summary>Registers the fan-out, the same on every host.</summary>
public static class FanOutRegistration
{
    /// <summary>Adds the workflow and its worker. Their exceptions are left out on purpose: they arrive as <see cref="RemoteException"/>.</summary>
    public static SheafBuilder AddFanOut(this SheafBuilder sheaf)
    {
        sheaf.Services.TryAddSingleton(TimeProvider.System);
        return sheaf.AddWorkflow<FanOutAndGather>().AddWorker<SleepingWorker>();
    }
}
