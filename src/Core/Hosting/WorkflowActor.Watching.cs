using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>What is said of it in the log where nobody else would: code that does not come back, or waits for what will not; a journal that does not answer.</summary>
internal sealed partial class WorkflowActor
{
    // When the turns began that run, one after the other; 0 between them. By the system's clock, whatever the workflow's.
    private long _turnSince;

    // Of those.
    private volatile bool _isReported;

    // Of this actor.
    private bool _hasSaidThatItWaits;
    private bool _hasSaidThatItIsTerminated;

    /// <summary>Says so, once, if its code has been in one turn for longer than that.</summary>
    public void LookAtTurn(TimeSpan longest)
    {
        long since = Volatile.Read(ref _turnSince);
        if (since == 0 || _isReported || TimeProvider.System.GetElapsedTime(since) is var took && took < longest) return;
        _isReported = true;
        HostLog.LongTurn(_host.Logger, _header.Id.Value, took);
    }

    private void SayThatACommitIsUnknown(Exception error)
    {
        if (_host.Commits.Speaks(out int heldBack)) HostLog.CommitUnknown(_host.Logger, _header.Id.Value, heldBack, error);
    }

    private void SayThatItIsTerminated()
    {
        if (_hasSaidThatItIsTerminated) return;
        _hasSaidThatItIsTerminated = true;
        HostLog.WorkflowTerminated(_host.Logger, _header.Id.Value, _run.State.Termination!.Message);
    }

    private void SayWhereItWaitsForNothing()
    {
        if (_hasSaidThatItWaits || _run.Stuck is not null || !_run.State.WaitsForNothing) return;
        _hasSaidThatItWaits = true;
        HostLog.WaitsForNothing(_host.Logger, _header.Id.Value);
    }

    /// <summary>While this lives, turns run.</summary>
    private readonly struct Turns : IDisposable
    {
        private readonly WorkflowActor _actor;

        public Turns(WorkflowActor actor)
        {
            _actor = actor;
            actor._isReported = false;
            Volatile.Write(ref actor._turnSince, TimeProvider.System.GetTimestamp());
        }

        public void Dispose() => Volatile.Write(ref _actor._turnSince, 0);
    }
}
