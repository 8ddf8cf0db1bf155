using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Engine;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D2: a silo that goes down without a goodbye hands nothing back, whoever asks it meanwhile.</summary>
public sealed class KilledSiteTests
{
    [Fact]
    [Trait("Rule", "D2")]
    public async Task Kill_ASiteThatHearsOfItsOwnerWhileItGoesDown_ItsDeliveryIsLostAndNotHandedBack()
    {
        GoingDown goingDown = new();
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silos = 2,
            HasRare = number => number > 0,
            Silo = silo =>
            {
                silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => new Hook(services.GetRequiredService<ILocalSiloDetails>(), goingDown));
                silo.AddOutgoingGrainCallFilter(goingDown.OnCallAsync);
            },
        });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo)), victim = cluster.Silos.Single(cluster.HasRare);
        WorkflowId id = await cluster.SowAsync(owner, new Rows(1, "rare"));
        await cluster.Field.StartedAsync(1);
        await cluster.AddAsync();
        string gone = victim.SiloAddress.ToParsableString();
        goingDown.Expect(gone, () => owner.SiloHost.Services.GetRequiredService<ClusterHost>().Links.All.Single(link => link.Silo == gone).SendSignOfLife());
        await cluster.KillAsync(victim);
        await cluster.Field.GuardAsync(goingDown.WhenAnswered, "an answer of the silo that goes down");
        await cluster.Field.StartedAsync(start => start.Delivery == 2);
        cluster.Field.Open("open");
        Assert.Equal(0, await cluster.ResultAsync(id));
        List<JournalEntry> entries = await JournalReading.ReadAllAsync(cluster.Journal, id, CancellationToken.None);
        Assert.False(Assert.Single(entries.OfType<DeliveriesLost>()).HandedBack);
    }

    /// <summary>The moment at which a silo has let go of its children and still answers.</summary>
    private sealed class GoingDown
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentDictionary<string, Action> _expected = new();

        public Task WhenAnswered => _answered.Task;

        public void Expect(string silo, Action act) => _expected[silo] = act;

        public Task WhenAskedAsync(string silo)
        {
            if (!_expected.TryGetValue(silo, out Action? act)) return Task.CompletedTask;
            act();
            return _answered.Task;
        }

        public async Task OnCallAsync(IOutgoingGrainCallContext call)
        {
            bool isIt = call.MethodName == "DeliverAsync" && _expected.ContainsKey(call.TargetId.Key.ToString()!);
            try
            {
                await call.Invoke();
            }
            finally
            {
                if (isIt) _answered.TrySetResult();
            }
        }
    }

    /// <summary>Stops after Sheaf's part, and before messages do.</summary>
    private sealed class Hook(ILocalSiloDetails silo, GoingDown goingDown) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) =>
            lifecycle.Subscribe(nameof(Hook), ServiceLifecycleStage.BecomeActive, _ => Task.CompletedTask, _ => goingDown.WhenAskedAsync(silo.SiloAddress.ToParsableString()));
    }
}
