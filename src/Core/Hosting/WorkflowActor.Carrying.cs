using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>What turns ask of the world, and what those who asked are told; after the journal has it (D4).</summary>
internal sealed partial class WorkflowActor
{
    /// <summary>What the turn asked for. What nobody will ever do is not journaled: the workflow is stuck until there is who does (D3).</summary>
    private IReadOnlyList<Request> TakeRequests()
    {
        IReadOnlyList<Request> requests = _run.TakeRequests();
        // By index: there is one of these for each child that ends.
        for (int i = 0; i < requests.Count; i++)
        {
            if (requests[i] is DispatchWorker dispatch && _children.WhyNever(dispatch) is { } reason)
                _run.Refuse(new WorkflowStuckException($"Workflow '{_header.Id}' is stuck at child '{dispatch.Name}'. {reason} Nothing is lost: the workflow goes on when the host has started again with it."));
        }

        return requests;
    }

    private string? TraceParentOf(ChildId child) => _traces.ParentOf(_run.State.Scopes[child.Scope], _run.State);

    private void Carry(IReadOnlyList<Request> requests)
    {
        foreach (Request request in requests) Carry(request);
        _children.Flush();
    }

    private void Carry(Request request)
    {
        switch (request)
        {
            case DispatchWorker dispatch:
                _children.Start(TraceParentOf(dispatch.Child) is { } parent ? dispatch with { TraceParent = parent } : dispatch);
                break;
            case RunStep step:
                _children.Start(step with { TraceParent = TraceParentOf(step.Child) });
                break;
            case RunWorkflow run:
                _children.Start(run with { TraceParent = TraceParentOf(run.Child) });
                break;
            case CancelRunning cancel:
                _children.Cancel(cancel.Scope, cancel.Cause);
                break;
            case GiveUp gone:
                // As far as whoever runs it is concerned, its end is applied.
                _children.OnApplied(gone.Child, gone.Delivery);
                break;
            case CloseScope close:
                _children.Close(close.Scope);
                _traces.Close(_run.State.Scopes[close.Scope]);
                break;
            case StartTimer start:
                _timers.Start(start);
                break;
            case StopTimer stop:
                _timers.Stop(stop.Key);
                break;
            case EndWorkflow end:
                // The loop sees it in the state.
                SheafTelemetry.WorkflowsEnded.Add(1, new("sheaf.workflow", _header.Workflow), new("sheaf.outcome", end.Result.Kind.ToString()));
                break;
            default:
                throw new InvalidOperationException($"No way to carry out {request.GetType().Name}.");
        }
    }

    private void Acknowledge(Letter letter, bool journaled)
    {
        if (letter.Input is LeafEnded ended) _children.OnApplied(ended.Child, ended.Delivery);
        letter.Done?.OnDone(WhatCameOf(letter.Input, journaled));
    }

    /// <summary>What an asker is told. By the state, since it may have been journaled by a commit whose answer was lost.</summary>
    private bool WhatCameOf(Input input, bool journaled) => input switch
    {
        AskSpawn spawn => _run.State.Spawned.Contains((spawn.Parent, spawn.Name)),
        AskReady ready => _run.State.Find(ready.Child)?.IsReadyBy(ready.Delivery) == true,
        AskSignal signal => journaled || (signal.Key is { } key && _run.State.SignalKeys.Contains(key)),
        AskCancel => _run.State.Root.Cause is not null,
        AskTerminate => _run.State.IsTerminated,
        _ => journaled,
    };

    /// <summary>What an asker is told whose letter comes when the workflow has ended: whether it did so by what he asks for.</summary>
    private bool WasDone(Input input) => input is AskTerminate && _run.State.IsTerminated;
}
