using Sheaf.Core.Tests.Groups;
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

    private Task<CreateResult> CreateAsync(string owner) =>
        _journal.CreateAsync(new WorkflowHeader { Id = "w", Workflow = "scripted/v1", Input = "\"w\"", CreatedAt = DateTimeOffset.UnixEpoch, Owner = owner, Epoch = 1 });
}
