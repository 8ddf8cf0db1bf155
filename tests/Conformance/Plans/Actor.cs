namespace Sheaf.Conformance;

/// <summary>What a child may do to the world around it; given by whoever runs it.</summary>
internal sealed record ActorWorld(
    Stage Stage,
    string Name,
    int Attempt,
    Func<CancellationCause?> Cause,
    Func<string, Act, Task> Spawn,
    Action<string> CancelGroup);

/// <summary>Plays what a plan says of a child: the same code in a local child and in a worker.</summary>
internal static class Actor
{
    public static Task<string> PlayAsync(ActorWorld world, Act act, CancellationToken token)
    {
        if (act is not FailMany many) return PlayOneAsync(world, act, token);
        // A task of its own: an async method would keep only the first of several exceptions.
        world.Stage.Enter(world.Name, world.Attempt);
        TaskCompletionSource<string> several = new();
        several.SetException(many.Errors.Select(error => error.ToException()));
        world.Stage.Leave(world.Name);
        return several.Task;
    }

    private static async Task<string> PlayOneAsync(ActorWorld world, Act act, CancellationToken token)
    {
        world.Stage.Enter(world.Name, world.Attempt);
        try
        {
            using CancellationTokenRegistration noted = token.Register(() => world.Stage.Log($"{world.Name}:cancelled"));
            return await DoAsync(world, act, token);
        }
        finally
        {
            world.Stage.Leave(world.Name);
        }
    }

    private static async Task<string> DoAsync(ActorWorld world, Act act, CancellationToken token)
    {
        switch (act)
        {
            case Succeed succeed:
                return succeed.Value;
            case Fail fail:
                await Task.Yield();
                throw fail.Error.ToException();
            case FailUntil failing:
                return world.Attempt >= failing.Attempt ? "ok" : throw failing.Error.ToException();
            case WaitForCancel wait:
                return await WaitForCancelAsync(world, wait, token);
            case CancelUnasked:
                await Task.Yield();
                throw new TaskCanceledException("nobody asked");
            case AtGate gate:
                Task opened = world.Stage.AtGate(gate.Gate);
                await (gate.IgnoresCancel ? opened : opened.WaitAsync(token));
                return gate.Then is null ? "ok" : await DoAsync(world, gate.Then, token);
            case Spawn spawn:
                await world.Spawn(spawn.Name, spawn.Does);
                return "ok";
            case CancelGroup cancel:
                world.CancelGroup(cancel.Reason);
                return "ok";
            case Big big:
                return new string('x', big.Size);
            default:
                throw new NotSupportedException($"Nobody can play {act} here.");
        }
    }

    private static async Task<string> WaitForCancelAsync(ActorWorld world, WaitForCancel wait, CancellationToken token)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        }
        catch (OperationCanceledException)
        {
            if (world.Cause() is { } cause) world.Stage.Causes[world.Name] = cause;
            if (wait.Then is null) throw;
        }

        return await DoAsync(world, wait.Then!, token);
    }
}
