using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Codecs;

/// <summary>Which exception types a receiver makes again (rule E6): its own service provider says so.</summary>
internal static class ReceivedTypes
{
    /// <summary>
    /// The <see cref="FailureTypes"/> that are registered as a service, else those of the registered <see cref="SheafOptions"/>, else
    /// the framework's only.
    /// </summary>
    /// <remarks>Asked for when a failure arrives, not when a codec is made: a host makes its codecs before its options.</remarks>
    internal static FailureTypes Of(IServiceProvider services) =>
        services.GetService<FailureTypes>() ?? services.GetService<SheafOptions>()?.FailureTypes ?? FailureTypes.WellKnown;
}
