using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;

namespace Sheaf.Grains;

/// <summary>Refuses a silo whose settings cannot work, before it joins.</summary>
internal sealed class SheafSiloOptionsValidator(IOptions<SheafSiloOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        AtLeast(nameof(SheafSiloOptions.LeaseDuration), options.Value.LeaseDuration, TimeSpan.FromSeconds(1), "The default is 15 s.");
        AtLeast(nameof(SheafSiloOptions.SweepPeriod), options.Value.SweepPeriod, TimeSpan.FromSeconds(1), "The default is 30 s.");
        AtLeast(nameof(SheafSiloOptions.ShutdownTimeout), options.Value.ShutdownTimeout, TimeSpan.Zero, "The default is 10 s.");
    }

    private static void AtLeast(string name, TimeSpan value, TimeSpan least, string remedy)
    {
        if (value < least) throw new OrleansConfigurationException($"{nameof(SheafSiloOptions)}.{name} is {value}: it must be at least {least}. {remedy}");
    }
}
