using System.Collections.Concurrent;
using Orleans.Runtime;
using Sheaf.Calls;

namespace Sheaf.Cluster.Tests.Calls;

/// <summary>An existing grain that knows nothing of Sheaf.</summary>
[Alias("test.IThrower")]
public interface IThrower : IGrainWithStringKey, ILocated
{
    [Alias("ThrowAsync")]
    Task<int> ThrowAsync(string what);

    [Alias("ThrowAtOnceAsync")]
    Task<int> ThrowAtOnceAsync(string what);

    [Alias("FailAsync")]
    Task FailAsync(string what);

    [Alias("FailValueAsync")]
    ValueTask<int> FailValueAsync(string what);

    [Alias("FailManyAsync")]
    Task<int[]> FailManyAsync(int count);

    [Alias("FailManyWithoutValueAsync")]
    Task FailManyWithoutValueAsync(int count);

    [Alias("FailManyValueTaskAsync")]
    ValueTask<int[]> FailManyValueTaskAsync(int count);

    [Alias("FailManyPlainValueTaskAsync")]
    ValueTask FailManyPlainValueTaskAsync(int count);

    [Alias("TimeOutAsync")]
    Task<int> TimeOutAsync(CancellationToken cancellationToken);

    [Alias("WaitAsync")]
    Task<int> WaitAsync(string gate, string? thenThrow, CancellationToken cancellationToken);

    [Alias("AskAsync")]
    Task<string> AskAsync(string other, string what);

    [Alias("EchoAsync")]
    Task<List<string>> EchoAsync(List<string> value);

    [Alias("ActivationAsync")]
    Task<int> ActivationAsync();
}

public sealed class Thrower(ILocalSiloDetails silo) : Grain, IThrower
{
    private static int _activations;
    private readonly int _activation = Interlocked.Increment(ref _activations);

    /// <summary>Completed when a call waits at the gate of that name.</summary>
    internal static ConcurrentDictionary<string, TaskCompletionSource> Arrived { get; } = new(StringComparer.Ordinal);

    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToString());

    public async Task<int> ThrowAsync(string what)
    {
        await Task.Yield();
        throw Thrown.Make(what);
    }

    public Task<int> ThrowAtOnceAsync(string what) => throw Thrown.Make(what);

    public async Task FailAsync(string what) => await ThrowAsync(what);

    public async ValueTask<int> FailValueAsync(string what) => await ThrowAsync(what);

    public Task<int[]> FailManyAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(FailOneAsync));

    public Task FailManyWithoutValueAsync(int count) => FailManyAsync(count);

    public ValueTask<int[]> FailManyValueTaskAsync(int count) => new(FailManyAsync(count));

    public ValueTask FailManyPlainValueTaskAsync(int count) => new(FailManyAsync(count));

    // As an HttpClient does whose own timeout has passed.
    public Task<int> TimeOutAsync(CancellationToken cancellationToken) => throw new TaskCanceledException("its own timeout", new TimeoutException("slow"));

    public async Task<int> WaitAsync(string gate, string? thenThrow, CancellationToken cancellationToken)
    {
        Arrived.GetOrAdd(gate, _ => new()).TrySetResult();
        TaskCompletionSource cancelled = new();
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => cancelled.TrySetResult());
        await cancelled.Task;
        if (thenThrow is not null) throw Thrown.Make(thenThrow);
        cancellationToken.ThrowIfCancellationRequested();
        return 0;
    }

    public async Task<string> AskAsync(string other, string what)
    {
        try
        {
            await GrainFactory.GetGrain<IThrower>(other).ThrowAsync(what);
            return "nothing";
        }
        catch (Exception thrown)
        {
            return thrown.GetType().Name;
        }
    }

    public Task<List<string>> EchoAsync(List<string> value) => Task.FromResult(value);

    public Task<int> ActivationAsync() => Task.FromResult(_activation);

    private static async Task<int> FailOneAsync(int number)
    {
        await Task.Yield();
        throw number % 2 == 0 ? new FormatException($"f{number}") : new Codecs.PlainException($"p{number}");
    }
}

/// <summary>A grain that calls one of another silo, as the owner of a workflow does.</summary>
[Alias("test.ICaller")]
public interface ICaller : IGrainWithStringKey, ILocated
{
    /// <summary>What a marked call ended with, as data.</summary>
    [Alias("CallAsync")]
    Task<Failure> CallAsync(string thrower, string what);
}

public sealed class Caller(ILocalSiloDetails silo) : Grain, ICaller
{
    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToString());

    public async Task<Failure> CallAsync(string thrower, string what)
    {
        try
        {
            await MarkedCall.InvokeAsync("call", GrainFactory.GetGrain<IThrower>(thrower), (grain, _) => grain.ThrowAsync(what), types: null, CancellationToken.None);
            throw new InvalidOperationException("It did not throw.");
        }
        catch (Exception thrown)
        {
            return Failure.From(thrown);
        }
    }
}

/// <summary>A grain with a filter of its own.</summary>
[Alias("test.IGuarded")]
public interface IGuarded : IGrainWithIntegerKey
{
    [Alias("FailAsync")]
    Task<int> FailAsync(string what);
}

public sealed class Guarded : Grain, IGuarded, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (FormatException)
        {
            context.Result = -1;
        }
        catch (IOException error)
        {
            context.Response = Orleans.Serialization.Invocation.Response.FromException(new Codecs.PlainException("answered", error));
        }
    }

    public Task<int> FailAsync(string what) => throw (what == "io" ? new IOException("io") : new FormatException("format"));
}

/// <summary>A filter that the application adds after Sheaf's.</summary>
internal sealed class WitnessFilter : IIncomingGrainCallFilter
{
    /// <summary>By grain key: where the method is implemented, and what it threw.</summary>
    internal static ConcurrentDictionary<string, (string Method, Type? Thrown)> Seen { get; } = new(StringComparer.Ordinal);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is not Thrower)
        {
            await context.Invoke();
            return;
        }

        string key = context.TargetId.Key.ToString()!;
        string method = $"{context.ImplementationMethod.DeclaringType!.Name}.{context.ImplementationMethod.Name}";
        try
        {
            await context.Invoke();
            Seen[key] = (method, null);
        }
        catch (Exception thrown)
        {
            Seen[key] = (method, thrown.GetType());
            throw;
        }
    }
}
