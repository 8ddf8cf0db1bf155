using System.Diagnostics;

namespace Sheaf;

/// <summary>The forms in which a group's end reaches who ran it.</summary>
public sealed partial class TaskGroup
{
    /// <summary>Set only for a group from <see cref="Open(TaskGroupOptions?, CancellationToken)"/>.</summary>
    private OpenForm? _openForm;

    /// <summary>
    /// Ends a group from <see cref="Open(TaskGroupOptions?, CancellationToken)"/>: waits for every child, then returns or
    /// throws as <see cref="RunAsync(Func{TaskGroup, Task}, TaskGroupOptions?, CancellationToken)"/>. A second call gets the same end.
    /// </summary>
    /// <exception cref="InvalidOperationException">The group has a body: it is joined by who runs it.</exception>
    /// <inheritdoc cref="RunAsync(Func{TaskGroup, Task}, TaskGroupOptions?, CancellationToken)" path="/exception"/>
    public async Task JoinAsync()
    {
        OpenForm form = _openForm ?? throw new InvalidOperationException(
            $"{_scope.DisplayName} was run with a body, and whoever awaits RunAsync joins it. JoinAsync is for TaskGroup.Open.");
        form.Joined = true;
        Finish(await EndAsync(form).ConfigureAwait(false), form.Outside);
    }

    /// <summary>
    /// Cancels the children and waits for them, if <see cref="JoinAsync"/> was not called. Never throws: failures go to
    /// <see cref="TaskGroupOptions.OnUnjoinedFailure"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_openForm is not { } form) return;
        if (form.Joined)
        {
            await EndAsync(form).ConfigureAwait(false);
            return;
        }

        Cancel("disposed of without JoinAsync");
        GroupEnd<Nothing> end = await EndAsync(form).ConfigureAwait(false);
        if (end.Failures is null || !form.TryReport()) return;
        try
        {
            if (_scope.Options.OnUnjoinedFailure is { } report) await report(end.Failures).ConfigureAwait(false);
            else Trace.TraceError("{0} was disposed of without JoinAsync, and children had failed: {1}", _scope.DisplayName, end.Failures);
        }
        catch (Exception reportError)
        {
            // Disposal never throws: it would replace the exception that may be on its way.
            Trace.TraceError("OnUnjoinedFailure of {0} threw {1} on being given {2}", _scope.DisplayName, reportError, end.Failures);
        }
    }

    private static async Task<T> RunValueAsync<T>(Func<TaskGroup, Task> body, TaskGroup group, CancellationToken outside)
    {
        GroupEnd<T> end = await GroupRun.RunAsync<T>(group, group._scope, body, outside).ConfigureAwait(false);
        if (end.Verdict == GroupVerdict.EndWithoutValue) throw group.NoValue();

        group.Finish(end, outside);
        return end.Value!;
    }

    private static async Task RunVoidAsync(Func<TaskGroup, Task> body, TaskGroup group, CancellationToken outside) =>
        group.Finish(await GroupRun.RunAsync<Nothing>(group, group._scope, body, outside).ConfigureAwait(false), outside);

    private static async Task<GroupResult<T>> TryRunValueAsync<T>(Func<TaskGroup, Task> body, TaskGroup group, CancellationToken outside)
    {
        GroupEnd<T> end = await GroupRun.RunAsync<T>(group, group._scope, body, outside).ConfigureAwait(false);
        group.Finish(end, outside);
        return new GroupResult<T>(end.BodySucceeded, end.Value, group._scope.Cause, group.Outcomes);
    }

    private GroupCancelledException NoValue() =>
        new($"{_scope.DisplayName} has no value: {_scope.Cause}.", _scope.Cause!, Outcomes, _scope.Token);

    private void Finish<T>(GroupEnd<T> end, CancellationToken outside)
    {
        switch (end.Verdict)
        {
            case GroupVerdict.ThrowFailures:
                throw end.Failures!;
            case GroupVerdict.ThrowCancelled:
                throw new OperationCanceledException($"{_scope.DisplayName} was cancelled: {_scope.Cause}.", outside);
            case GroupVerdict.ThrowDeadline:
                throw GroupFailures.DeadlineError(_scope.Facts);
            case GroupVerdict.Return:
            case GroupVerdict.EndWithoutValue:
                return;
            default:
                throw new UnreachableException($"No such verdict: {end.Verdict}.");
        }
    }

    private Task<GroupEnd<Nothing>> EndAsync(OpenForm form) => form.EndOnce(async () =>
    {
        _scope.OnBodyEnded();
        await _scope.WhenEnded.ConfigureAwait(false);
        form.Watch.Dispose();
        return GroupRun.Conclude(_scope, WorkEnd.Succeeded, default(Nothing));
    });

    /// <summary>What a group without a body needs beside its scope.</summary>
    private sealed class OpenForm(GroupWatch watch, CancellationToken outside)
    {
        private readonly Lock _gate = new();
        private Task<GroupEnd<Nothing>>? _end;
        private bool _reported;

        public GroupWatch Watch => watch;

        public CancellationToken Outside => outside;

        /// <summary>Whether somebody has taken the duty to look at the end.</summary>
        public bool Joined { get; set; }

        public Task<GroupEnd<Nothing>> EndOnce(Func<Task<GroupEnd<Nothing>>> end)
        {
            lock (_gate) return _end ??= end();
        }

        public bool TryReport()
        {
            lock (_gate)
            {
                bool first = !_reported;
                _reported = true;
                return first;
            }
        }
    }
}
