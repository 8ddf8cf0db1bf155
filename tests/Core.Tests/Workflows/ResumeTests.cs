using Sheaf.Core.Tests.Groups;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D7: what the embedded host owns it runs, whoever asks for it or not.</summary>
public sealed class ResumeTests
{
    private readonly ScriptTable _scripts = new();
    private readonly HookedJournal _journal = new();
    private readonly TaskCompletionSource _ran = Guard.Signal();

    public ResumeTests() => _scripts.Workflows["w"] = _ =>
    {
        _ran.SetResult();
        return Task.FromResult("done");
    };

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_TheAnswerToItsClaimIsLost_TheNextTryTakesUpWhatItHasClaimed()
    {
        await CreateAsync("dead");
        await using ScriptHost host = new(_scripts, _journal);
        _journal.AfterClaims = () => throw new IOException("The connection broke.");
        await Assert.ThrowsAsync<IOException>(() => host.Host.StartAsync(CancellationToken.None));
        _journal.AfterClaims = () => { };
        await host.Host.StartAsync(CancellationToken.None);
        await _ran.Task.Within("the workflow");
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_AnEarlierProcessHadItsName_ItsWorkflowsAreTakenUp()
    {
        await using ScriptHost host = new(_scripts, _journal);
        await CreateAsync(host.Host.Context.OwnerName);
        await host.Host.StartAsync(CancellationToken.None);
        await _ran.Task.Within("the workflow");
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_ManyToTakeUp_AreReadSoManyAtATime()
    {
        const int Count = HostContext.MaxReadings * 3;
        TaskCompletionSource full = Guard.Signal(), open = Guard.Signal(), allRan = Guard.Signal();
        int reading = 0, most = 0, ran = 0;
        _scripts.Workflows["w"] = _ =>
        {
            if (Interlocked.Increment(ref ran) == Count) allRan.SetResult();
            return Task.FromResult("done");
        };
        _journal.WhileReading = async () =>
        {
            int now = Interlocked.Increment(ref reading);
            InterlockedMax(ref most, now);
            if (now == HostContext.MaxReadings) full.TrySetResult();
            await open.Task;
            Interlocked.Decrement(ref reading);
        };
        for (int i = 0; i < Count; i++) await CreateAsync("dead", $"w{i}");
        await using ScriptHost host = new(_scripts, _journal);
        await host.Host.StartAsync(CancellationToken.None);
        await full.Task.Within("as many readings as there may be");
        open.SetResult();
        await allRan.Task.Within("all workflows");
        Assert.Equal(HostContext.MaxReadings, most);
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (int seen = Volatile.Read(ref most); seen < now;)
        {
            int there = Interlocked.CompareExchange(ref most, now, seen);
            if (there == seen) return;
            seen = there;
        }
    }

    private Task<CreateResult> CreateAsync(string owner, string id = "w") =>
        _journal.CreateAsync(new WorkflowHeader { Id = id, Workflow = "scripted/v1", Input = "\"w\"", CreatedAt = DateTimeOffset.UnixEpoch, Owner = owner, Epoch = 1 });
}
