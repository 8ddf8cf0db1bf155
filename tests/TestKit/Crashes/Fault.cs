using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>What goes wrong in one run, and whether it has.</summary>
/// <remarks>The host at fault stands still where it was hit until it is killed, or until it comes back as a takeover's late owner.</remarks>
internal sealed class Fault(CrashPoint? point)
{
    private readonly TaskCompletionSource _hit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _comesBack = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cameBack = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _wasReached;

    /// <summary>Completes when the host is as good as gone. Never for a fault that the host survives.</summary>
    public Task WhenHit => _hit.Task;

    public bool WasReached => _wasReached;

    /// <summary>How often everything waited.</summary>
    public int Waits { get; private set; }

    public bool IsCrash => point is not (null or { Kind: CrashKind.WriteFails or CrashKind.AnswerIsLost });

    /// <summary>Whether the host is stopped, not killed.</summary>
    public bool StopsInOrder => point is { Kind: CrashKind.StopWhileWaiting } && WasReached;

    public bool TakesOver => point is { Kind: CrashKind.TakeoverBeforeWrite } && WasReached;

    /// <summary>Whether the late owner's append was written.</summary>
    public bool WasAccepted { get; private set; }

    public void Arm(TestProcess process)
    {
        if (point is not { } at) return;
        process.Journal.BeforeAppend = append => append == at.Number ? BeforeAsync(process, at.Kind) : Task.CompletedTask;
        process.Journal.AfterAppend = (append, written) => append == at.Number ? AfterAsync(process, at.Kind, written) : Task.CompletedTask;
        process.Probe.BeforeEffect = effect => (at.Kind, at.Number) == (CrashKind.CrashBeforeEffect, effect) ? HitAsync(process) : Task.CompletedTask;
        process.Probe.AfterEffect = effect => (at.Kind, at.Number) == (CrashKind.CrashAfterEffect, effect) ? HitAsync(process) : Task.CompletedTask;
    }

    /// <summary>Everything waits.</summary>
    /// <returns>Whether the host is gone now.</returns>
    public bool OnWaiting()
    {
        Waits++;
        if (point is not { Kind: CrashKind.CrashWhileWaiting or CrashKind.StopWhileWaiting } at || at.Number != Waits) return false;
        _wasReached = true;
        _hit.TrySetResult();
        return true;
    }

    /// <summary>
    /// Lets the late owner's append come just before the new owner's first: then nothing but the epoch can refuse it. The
    /// append that creates comes after, since before it there is nothing to have taken over.
    /// </summary>
    public void ArmTakeover(TestProcess late, TestProcess owner)
    {
        if (late.Journal.Appends == 1) owner.Journal.AfterAppend = (append, _) => append == 1 ? ComeBackAsync() : Task.CompletedTask;
        else owner.Journal.BeforeAppend = append => append == 1 ? ComeBackAsync() : Task.CompletedTask;
    }

    /// <summary>Lets the late owner's append go through, and waits until it has.</summary>
    public Task ComeBackAsync()
    {
        _comesBack.TrySetResult();
        return _cameBack.Task;
    }

    private async Task BeforeAsync(TestProcess process, CrashKind kind)
    {
        switch (kind)
        {
            case CrashKind.WriteFails:
                _wasReached = true;
                throw new IOException("The journal was made to fail; nothing was written.");
            case CrashKind.CrashBeforeWrite:
                await HitAsync(process).ConfigureAwait(false);
                break;
            case CrashKind.TakeoverBeforeWrite:
                _wasReached = true;
                _hit.TrySetResult();
                await _comesBack.Task.ConfigureAwait(false);
                break;
            default:
                break;
        }
    }

    private async Task AfterAsync(TestProcess process, CrashKind kind, IReadOnlyList<(JournalCommit Commit, AppendResult Result)> written)
    {
        switch (kind)
        {
            case CrashKind.AnswerIsLost:
                _wasReached = true;
                throw new IOException("The journal was made to fail; it was written.");
            case CrashKind.CrashAfterWrite:
                await HitAsync(process).ConfigureAwait(false);
                break;
            case CrashKind.TakeoverBeforeWrite:
                // A workflow that it creates, as a child of the one it has lost, is new: nobody can have taken it over.
                WasAccepted = written.Any(pair => pair.Result == AppendResult.Accepted && pair.Commit.Creates is null);
                _cameBack.TrySetResult();
                break;
            default:
                break;
        }
    }

    private async Task HitAsync(TestProcess process)
    {
        _wasReached = true;
        _hit.TrySetResult();
        await process.WhenGone.ConfigureAwait(false);
        throw new HostGoneException();
    }
}
