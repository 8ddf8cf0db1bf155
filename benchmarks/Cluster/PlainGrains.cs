using Orleans.Concurrency;

namespace Sheaf.Benchmarks.Cluster;

/// <summary>A grain that does nothing: what a fan-out calls today.</summary>
[Alias("benchmarks.IPlainGrain")]
public interface IPlainGrain : IGrainWithIntegerKey
{
    /// <summary>Returns its input.</summary>
    [Alias("echo")]
    Task<int> EchoAsync(int input);
}

/// <summary>A grain that fans out with <see cref="Task.WhenAll(IEnumerable{Task})"/>: the plain alternative to a workflow.</summary>
[Alias("benchmarks.IPlainFanOut")]
public interface IPlainFanOut : IGrainWithIntegerKey
{
    /// <summary>Calls so many grains, from a key on.</summary>
    [Alias("fan-out")]
    Task<int> FanOutAsync(int count, long firstKey);
}

/// <inheritdoc cref="IPlainGrain"/>
public sealed class PlainGrain : Grain, IPlainGrain
{
    /// <inheritdoc/>
    public Task<int> EchoAsync(int input) => Task.FromResult(input);
}

/// <inheritdoc cref="IPlainFanOut"/>
public sealed class PlainFanOut : Grain, IPlainFanOut
{
    /// <inheritdoc/>
    [ReadOnly]
    public async Task<int> FanOutAsync(int count, long firstKey)
    {
        var calls = new Task<int>[count];
        for (int i = 0; i < count; i++) calls[i] = GrainFactory.GetGrain<IPlainGrain>(firstKey + i).EchoAsync(i);
        return (await Task.WhenAll(calls)).Length;
    }
}
