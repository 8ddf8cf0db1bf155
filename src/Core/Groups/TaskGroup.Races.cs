namespace Sheaf;

/// <summary>Race and quorum: functions of children, with the same guarantees as any group (rule R10).</summary>
public sealed partial class TaskGroup
{
    /// <summary>Runs the children side by side and returns the first value; the others are cancelled and waited for.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="children">The children, at least one. They are called <c>#0</c>, <c>#1</c> and so on.</param>
    /// <param name="options">Name, deadline, clock and the like; the policy has no say.</param>
    /// <param name="cancellationToken">Cancels the race from outside.</param>
    /// <returns>The first value. Failures before and after it are not reported.</returns>
    /// <exception cref="ExceptionGroup">Every child failed: all failures.</exception>
    /// <exception cref="ArgumentException">There are no children.</exception>
    /// <inheritdoc cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)" path="/exception[@cref='T:System.OperationCanceledException' or @cref='T:Sheaf.DeadlineExceededException']"/>
    public static async Task<T> FirstSuccessAsync<T>(IEnumerable<Func<CancellationToken, Task<T>>> children, TaskGroupOptions? options = null, CancellationToken cancellationToken = default) =>
        (await QuorumAsync(1, children, options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Runs the children side by side and returns the first values, as many as asked for; the others are cancelled and waited for.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="count">How many values are needed: at least 1, at most as many as there are children.</param>
    /// <param name="children">The children. They are called <c>#0</c>, <c>#1</c> and so on.</param>
    /// <param name="options">Name, deadline, clock and the like; the policy has no say.</param>
    /// <param name="cancellationToken">Cancels the children from outside.</param>
    /// <returns>The values, in the order in which they came.</returns>
    /// <exception cref="ExceptionGroup">
    /// So many children failed that the values cannot be had; the rest were cancelled. It has all failures.
    /// </exception>
    /// <exception cref="ArgumentException">There are fewer children than values asked for.</exception>
    /// <inheritdoc cref="RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)" path="/exception[@cref='T:System.OperationCanceledException' or @cref='T:Sheaf.DeadlineExceededException']"/>
    public static async Task<IReadOnlyList<T>> QuorumAsync<T>(int count, IEnumerable<Func<CancellationToken, Task<T>>> children, TaskGroupOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(children);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Func<CancellationToken, Task<T>>[] all = [.. children];
        if (all.Length < count)
            throw new ArgumentException($"{count} values were asked for, of {all.Length} children. Ask for at most as many as there are children.", nameof(children));

        // Settle: the tally alone decides what a failure means.
        TaskGroup group = Open((options ?? TaskGroupOptions.Default) with { Policy = GroupPolicy.Settle }, parent: null);
        Tally<T> tally = new(group._scope, count, all.Length);
        GroupEnd<Nothing> end = await GroupRun.RunAsync<Nothing>(group, group._scope, race => race.StartAll(all, tally), cancellationToken).ConfigureAwait(false);
        if (tally.Values is { } values) return values;
        if (end.Failures is null && Tally<T>.Failures(group._scope) is { } failures) throw failures;
        group.Finish(end, cancellationToken);
        throw new OperationCanceledException($"{group._scope.DisplayName} ended without a result: {group._scope.Cause}.", group._scope.Token);
    }

    private async Task StartAll<T>(Func<CancellationToken, Task<T>>[] children, Tally<T> tally)
    {
        for (int i = 0; i < children.Length && _scope.Cause is null; i++)
        {
            // An ended race refuses the rest; that refusal is an OperationCanceledException, as the interruption of any body.
            ChildTask<T> child = Start(children[i]);
            tally.Follow(child);
        }

        await tally.WhenDecided.WaitAsync(_scope.Token).ConfigureAwait(false);
    }

    /// <summary>Counts the ends of a race's children, and cancels the rest once the result is certain either way.</summary>
    private sealed class Tally<T>(GroupScope scope, int needed, int total)
    {
        private readonly Lock _gate = new();
        private readonly List<T> _values = new(needed);
        private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _lost;
        private int _ended;

        /// <summary>Completes with the decision. Never, where the race is cancelled before all children were started.</summary>
        public Task WhenDecided => _decided.Task;

        public IReadOnlyList<T>? Values
        {
            get
            {
                lock (_gate) return _values.Count == needed ? [.. _values] : null;
            }
        }

        public void Follow(ChildTask<T> child)
        {
            Task ended = child.WhenEnded;
            if (ended.IsCompleted) OnEnded(child);
            else ended.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => OnEnded(child));
        }

        /// <summary>All failures, where the race was not cut short from outside.</summary>
        public static ExceptionGroup? Failures(GroupScope race)
        {
            FailureCollector collector = new(race.Options.MaxFailures);
            foreach (ILocalChild child in race.FailedChildren) collector.Add(child.Error!, child.Origin);
            if (race.Source == CancelSource.Deadline && collector.Count > 0) collector.Add(GroupFailures.DeadlineError(race.Facts), new FailureOrigin());
            return collector.Build(race.DisplayName, race.Cause);
        }

        private void OnEnded(ChildTask<T> child)
        {
            bool decided;
            lock (_gate)
            {
                if (child.UntypedOutcome.IsSuccess)
                {
                    if (_values.Count < needed) _values.Add(child.GetResult());
                }
                else
                {
                    _lost++;
                }

                _ended++;
                decided = _values.Count == needed || total - _lost < needed || _ended == total;
            }

            if (!decided) return;
            scope.Cancel(CancelSource.Own, new(CancellationCauseKind.RaceLost, null, child.Name, scope.Time.GetUtcNow()));
            _decided.TrySetResult();
        }
    }
}
