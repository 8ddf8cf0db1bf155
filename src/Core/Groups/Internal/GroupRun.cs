namespace Sheaf;

/// <summary>How a local group ended, before it is turned into a return or a throw.</summary>
/// <param name="Verdict">The decision of <see cref="GroupVerdicts"/>.</param>
/// <param name="Value">The body's value, where it returned one.</param>
/// <param name="BodySucceeded">Whether the body returned.</param>
/// <param name="Failures">All failures that count, where there are any.</param>
internal readonly record struct GroupEnd<T>(GroupVerdict Verdict, T? Value, bool BodySucceeded, ExceptionGroup? Failures);

/// <summary>Runs a local group from its opening to its verdict.</summary>
internal static class GroupRun
{
    /// <summary>Runs body and children to their end. Throws nothing: the end is in the result.</summary>
    public static async Task<GroupEnd<T>> RunAsync<T>(TaskGroup group, GroupScope scope, Func<TaskGroup, Task> body, CancellationToken outside)
    {
        WorkEnd end;
        T? value = default;
        using (new GroupWatch(scope, outside))
        {
            // A group that is cancelled before it begins does not begin.
            Task? task = null;
            end = WorkEnd.Cancelled;
            if (scope.Cause is null)
            {
                try
                {
                    task = body(group);
                    if (task is null) end = WorkEnd.Failed(NoTask(scope));
                }
                catch (Exception thrown)
                {
                    end = WorkEnd.Of(thrown, scope.IsCancellationRequested(), scope.Options.IsCancellation);
                }
            }

            if (task is not null)
            {
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                end = WorkEnd.Of(task, scope.IsCancellationRequested(), scope.Options.IsCancellation);
                if (end.Kind == OutcomeKind.Succeeded) value = LocalChild<T>.ValueOf(task);
            }

            if (end.Kind == OutcomeKind.Failed && scope.Options.Policy.CancelsSiblings())
                scope.Cancel(CancelSource.Failure, new(CancellationCauseKind.SiblingFailed, "the group's body failed", null, scope.Time.GetUtcNow()));
            scope.OnBodyEnded();
            await scope.WhenEnded.ConfigureAwait(false);
        }

        return Conclude(scope, end, value);
    }

    /// <summary>The verdict on a group whose body and children have ended.</summary>
    public static GroupEnd<T> Conclude<T>(GroupScope scope, WorkEnd body, T? value)
    {
        ExceptionGroup? failures = GroupFailures.Collect(scope.Facts, scope.FailedChildren, scope.CallbackErrors, body);
        bool bodySucceeded = body.Kind == OutcomeKind.Succeeded;
        bool anyCancelled = scope.Cause is not null && Array.Exists(scope.Children(), child => child.Kind is OutcomeKind.Cancelled or OutcomeKind.Abandoned or OutcomeKind.NotStarted);
        GroupVerdict verdict = GroupVerdicts.Decide(scope.Source, failures is not null, bodySucceeded, anyCancelled);
        return new(verdict, value, bodySucceeded, failures);
    }

    private static InvalidOperationException NoTask(GroupScope scope) =>
        new($"The body of {scope.DisplayName} returned null instead of a task. Return Task.CompletedTask where there is nothing to wait for.");
}
