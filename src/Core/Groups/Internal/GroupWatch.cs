namespace Sheaf;

/// <summary>What can cancel a group from around it, for as long as it runs: the caller's token, deadline, time to move on.</summary>
internal sealed class GroupWatch : IDisposable
{
    private readonly GroupScope _scope;
    private readonly GroupTimer? _deadline;
    private readonly GroupTimer? _moveOn;
    private readonly CancellationTokenRegistration _outside;
    private readonly Lock _gate = new();
    private GroupTimer? _shield;
    private bool _disposed;

    public GroupWatch(GroupScope scope, CancellationToken outside)
    {
        _scope = scope;
        scope.Outside = outside;
        TaskGroupOptions options = scope.Options;
        if (options.Deadline == TimeSpan.Zero) OnTimeUp(CancelSource.Deadline);
        else _deadline = GroupTimer.Start(scope.Time, options.Deadline, () => OnTimeUp(CancelSource.Deadline));
        if (options.MoveOnAfter == TimeSpan.Zero) OnTimeUp(CancelSource.Own);
        else _moveOn = GroupTimer.Start(scope.Time, options.MoveOnAfter, () => OnTimeUp(CancelSource.Own));
        _outside = outside.UnsafeRegister(static watch => ((GroupWatch)watch!).OnOutside(), this);
    }

    public void Dispose()
    {
        // Waits for a callback that runs right now, so nothing arrives once the group has concluded.
        _outside.Dispose();
        _deadline?.Dispose();
        _moveOn?.Dispose();
        lock (_gate)
        {
            _disposed = true;
            _shield?.Dispose();
        }
    }

    private void OnTimeUp(CancelSource source) =>
        _scope.Cancel(source, new(CancellationCauseKind.DeadlineExceeded, null, _scope.Options.Name, _scope.Time.GetUtcNow()));

    private void OnOutside()
    {
        if (_scope.Options.Shield is not { } bound)
        {
            CancelFromOutside();
            return;
        }

        lock (_gate)
        {
            if (!_disposed) _shield = GroupTimer.Start(_scope.Time, bound, CancelFromOutside);
        }
    }

    private void CancelFromOutside() => _scope.Cancel(CancelSource.Outside, _scope.OutsideCause());
}
