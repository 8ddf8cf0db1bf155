using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>R4: a worker that asks its workflow for something, and hears that nobody waits for it, is cancelled; also where the signal is slower than the answer.</summary>
public sealed class RefusedAskTests
{
    [Theory]
    [Trait("Rule", "R4")]
    [Trait("Rule", "R2")]
    [InlineData("spawns/v1", false)]
    [InlineData("gets-ready/v1", true)]
    public async Task Ask_RefusedBeforeTheSignalHasCome_EndsTheWorkerAsCancelled(string worker, bool getsReady)
    {
        SheafBuilder builder = new ServiceCollection().AddSheaf(sheaf => sheaf.AddWorker<Spawns>().AddWorker<GetsReady>());
        await using ServiceProvider services = builder.Services.BuildServiceProvider();
        await using HostContext host = new(services, builder.Registry, builder.Options, new MemoryJournal(), TimeProvider.System, NullLogger.Instance, "owner");
        TaskCompletionSource<LeafEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LeafPool leaves = new("w", host, ended.SetResult, _ => Task.FromResult(false));
        leaves.Start(new DispatchWorker(new ChildId(1, 0), 1, 1, "asks", worker, "1", null, null) { GetsReady = getsReady });
        Assert.Equal(OutcomeKind.Cancelled, (await ended.Task.Within("the worker's end")).Result.Kind);
        await host.StopAsync(CancellationToken.None).Within("the host's stop");
    }

    [Worker("spawns/v1")]
    private sealed class Spawns : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            await context.SpawnAsync("sibling", Run.Worker<Spawns>(), input);
            return input;
        }
    }

    [Worker("gets-ready/v1")]
    private sealed class GetsReady : ReadyWorker<int, int, int>
    {
        public override async Task<int> RunAsync(int input, ReadyWorkerContext<int> context, CancellationToken cancellationToken)
        {
            await context.ReadyAsync(input);
            return input;
        }
    }
}
