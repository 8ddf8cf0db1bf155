using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Sheaf.Grains;

/// <summary>Refuses a silo whose settings cannot work, before it joins.</summary>
internal sealed class SheafSiloOptionsValidator(IOptions<SheafSiloOptions> options, IOptions<SiloMessagingOptions> messaging, SheafBuilder builder) : IConfigurationValidator
{
    // The timers that count them take no more than 49 days.
    private static readonly TimeSpan Most = TimeSpan.FromDays(1);

    public void ValidateConfiguration()
    {
        Within(nameof(SheafSiloOptions.LeaseDuration), options.Value.LeaseDuration, TimeSpan.FromSeconds(1), "The default is 15 s.");
        Within(nameof(SheafSiloOptions.SweepPeriod), options.Value.SweepPeriod, TimeSpan.FromSeconds(1), "The default is 30 s.");
        Within(nameof(SheafSiloOptions.ShutdownTimeout), options.Value.ShutdownTimeout, TimeSpan.Zero, "The default is 10 s.");
        int maxPayload = builder.Options.MaxPayloadBytes, maxMessage = messaging.Value.MaxMessageBodySize;
        if (maxPayload > MessageLimit.Of(maxMessage))
        {
            throw new OrleansConfigurationException(
                $"{nameof(SheafOptions)}.{nameof(SheafOptions.MaxPayloadBytes)} is {maxPayload}, and {nameof(SiloMessagingOptions)}.{nameof(SiloMessagingOptions.MaxMessageBodySize)} is {maxMessage}: a message carries inputs and values of at most three quarters of its size, which is {MessageLimit.Of(maxMessage)} bytes. " +
                "Lower the first or raise the second.");
        }
    }

    private static void Within(string name, TimeSpan value, TimeSpan least, string remedy)
    {
        if (value < least || value > Most) throw new OrleansConfigurationException($"{nameof(SheafSiloOptions)}.{name} is {value}: it must be between {least} and {Most}. {remedy}");
    }
}
