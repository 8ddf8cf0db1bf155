using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Sheaf.Codecs;

namespace Sheaf.Cluster.Tests.Codecs;

/// <summary>Two ends of a wire: Orleans' serializer as a silo or client has it.</summary>
internal static class Wire
{
    internal static ServiceProvider End(FailureTypes? types = null)
    {
        ServiceCollection services = new();
        services.AddSheafCodecs();
        services.AddSerializer(serializer => serializer.AddAssembly(typeof(Wire).Assembly));
        if (types is not null) services.AddSingleton(new SheafOptions { FailureTypes = types });
        return services.BuildServiceProvider();
    }

    /// <summary>Sends a value as a field of type <typeparamref name="T"/>, as Orleans does exceptions as fields of type Exception.</summary>
    internal static T Send<T>(T value, FailureTypes? receiver = null)
    {
        using ServiceProvider from = End();
        using ServiceProvider to = End(receiver);
        return to.GetRequiredService<Serializer>().Deserialize<T>(from.GetRequiredService<Serializer>().SerializeToArray(value));
    }

    internal static T Copy<T>(T value, FailureTypes? types = null)
    {
        using ServiceProvider silo = End(types);
        return silo.GetRequiredService<DeepCopier>().Copy(value);
    }

    internal static string Text(object value)
    {
        using ServiceProvider from = End();
        return Encoding.UTF8.GetString(from.GetRequiredService<Serializer>().SerializeToArray(value));
    }
}
