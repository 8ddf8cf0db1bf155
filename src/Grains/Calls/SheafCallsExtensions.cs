using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Sheaf.Codecs;

namespace Sheaf.Calls;

/// <summary>Lets the grains of a silo be called as children of task groups.</summary>
internal static class SheafCallsExtensions
{
    /// <summary>Adds the codecs, and the filter that saves what marked calls throw. Idempotent.</summary>
    /// <remarks>
    /// <para>
    /// Filters of the application that come after this one see a grain's exceptions as they are; those before it see what is sent.
    /// </para>
    /// <para>
    /// Turns <see cref="MessagingOptions.WaitForCancellationAcknowledgement"/> on, for all calls that this silo makes: Orleans would
    /// otherwise end a cancelled call while the callee runs on, and lose what the callee fails with later. A task group ends after all
    /// of its children (rule R1).
    /// </para>
    /// </remarks>
    internal static ISiloBuilder AddSheafCalls(this ISiloBuilder silo)
    {
        silo.Services.AddSheafCodecs();
        silo.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IIncomingGrainCallFilter, SavingCallFilter>());
        silo.Services.Configure<SiloMessagingOptions>(options => options.WaitForCancellationAcknowledgement = true);
        return silo;
    }
}
