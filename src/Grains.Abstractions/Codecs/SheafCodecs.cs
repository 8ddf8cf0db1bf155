using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Sheaf.Codecs;

/// <summary>Adds the codecs to a silo's, a client's or a serializer's services. Idempotent.</summary>
internal static class SheafCodecs
{
    /// <summary>
    /// Names this assembly to the serializer. Hosts find it by themselves where it is among the application's references; this is for
    /// all others.
    /// </summary>
    internal static IServiceCollection AddSheafCodecs(this IServiceCollection services) =>
        services.AddSerializer(serializer => serializer.AddAssembly(typeof(SheafCodecs).Assembly));
}
