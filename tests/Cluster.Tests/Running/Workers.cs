using System.Globalization;
using Orleans.Runtime;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>What a worker is asked to do.</summary>
public sealed record Work(string Gate, int Number);

/// <summary>Tells the field that it runs, waits at its gate, and answers with its number.</summary>
public abstract class FieldWorker(Field ground, ILocalSiloDetails silo) : Worker<Work, int>
{
    protected Field Field => ground;

    public override async Task<int> RunAsync(Work input, WorkerContext context, CancellationToken cancellationToken)
    {
        Started start = new(context.WorkflowId.Value, input.Number, silo.Name, context.FencingToken, context.IdempotencyKey);
        ground.OnStarted(start);
        try
        {
            return await RunAsync(input, start, context, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            ground.OnSignalled(start);
            throw;
        }
        finally
        {
            ground.OnEnded(start);
        }
    }

    protected abstract Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken);
}

/// <summary>Heeds its token.</summary>
[Worker("hold")]
public sealed class HoldWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        await Field.PassAsync(input.Gate, input.Number, cancellationToken);
        return input.Number;
    }
}

/// <summary>As <see cref="HoldWorker"/>; not every silo has it.</summary>
[Worker("rare")]
public sealed class RareWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        await Field.PassAsync(input.Gate, input.Number, cancellationToken);
        return input.Number;
    }
}

/// <summary>Sees its token signalled, and goes on until its gate opens.</summary>
[Worker("stubborn")]
public sealed class StubbornWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration signal = cancellationToken.Register(() => Field.OnSignalled(start));
        await Field.PassAsync(input.Gate, input.Number, CancellationToken.None);
        return input.Number;
    }
}

/// <summary>Number 0 has a callback on its token that blocks until the gate "unblock" opens.</summary>
[Worker("blocking")]
public sealed class BlockingWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        // The callback that was registered last is called first: before the one that ends the waiting.
        Task pass = Field.PassAsync(input.Gate, input.Number, cancellationToken);
        await using CancellationTokenRegistration block = input.Number == 0
            ? cancellationToken.UnsafeRegister(_ => Field.PassAsync("unblock", 0, CancellationToken.None).GetAwaiter().GetResult(), null)
            : default;
        await pass;
        return input.Number;
    }
}

/// <summary>Waits at its gate, then starts a sibling.</summary>
[Worker("parent")]
public sealed class ParentWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        await Field.PassAsync(input.Gate, input.Number, cancellationToken);
        await context.SpawnAsync($"spawned by {input.Number}", Run.Worker<HoldWorker>(), new Work("spawned", 1000 + input.Number));
        return input.Number;
    }
}

/// <summary>Waits at the gate "warm" until it is ready, with the name of its silo, then at its own. Not every silo has it.</summary>
[Worker("serve")]
public sealed class ServeWorker(Field field, ILocalSiloDetails silo) : ReadyWorker<Work, string, int>
{
    public override async Task<int> RunAsync(Work input, ReadyWorkerContext<string> context, CancellationToken cancellationToken)
    {
        Started start = new(context.WorkflowId.Value, input.Number, silo.Name, context.FencingToken, context.IdempotencyKey);
        field.OnStarted(start);
        try
        {
            await field.PassAsync("warm", input.Number, cancellationToken);
            await context.ReadyAsync(silo.Name);
            await field.PassAsync(input.Gate, input.Number, cancellationToken);
            return input.Number;
        }
        finally
        {
            field.OnEnded(start);
        }
    }
}

/// <summary>Waits at its gate, then fails, with one of three exceptions that no serializer knows.</summary>
[Worker("fail")]
public sealed class FailWorker(Field ground, ILocalSiloDetails silo) : FieldWorker(ground, silo)
{
    protected override async Task<int> RunAsync(Work input, Started start, WorkerContext context, CancellationToken cancellationToken)
    {
        await Field.PassAsync(input.Gate, input.Number, cancellationToken);
        throw (input.Number % 3) switch
        {
            0 => new RottenException(input.Number.ToString(CultureInfo.InvariantCulture)),
            1 => new BrokenException(input.Number.ToString(CultureInfo.InvariantCulture)),
            _ => new LostException(input.Number.ToString(CultureInfo.InvariantCulture)),
        };
    }
}

public class RottenException(string message) : Exception(message);

public sealed class BrokenException(string message) : RottenException(message);

public sealed class LostException(string message) : Exception(message);
