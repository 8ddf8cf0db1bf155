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

        if (Array.IndexOf(all, null) is var missing && missing >= 0) throw new ArgumentException($"Child {missing} is null.", nameof(children));

        // No failure of a child cancels its siblings: the tally alone decides that. What it leaves without a result throws them all.
        options = (options ?? TaskGroupOptions.Default) with { Policy = GroupPolicy.CollectAll };
        options.Validate();
        Tally<T> tally = new(count, all.Length);
        GroupScope scope = new(options, parent: null, keepsChildren: true) { OnEnded = tally.OnEnded };
        tally.Scope = scope;
        TaskGroup group = new(scope);
        GroupEnd<Nothing> end = await GroupRun.RunAsync<Nothing>(group, scope, race => race.StartAll(all, tally), cancellationToken).ConfigureAwait(false);
        if (tally.Values is { } values) return values;
        group.Finish(end, cancellationToken);
        throw group.NoValue();
    }

    private async Task StartAll<T>(Func<CancellationToken, Task<T>>[] children, Tally<T> tally)
    {
        for (int i = 0; i < children.Length && _scope.Cause is null; i++)
        {
            // An ended race refuses the rest; that refusal is an OperationCanceledException, as the interruption of any body.
            _ = Start(children[i]);
        }

        await tally.WhenDecided.WaitAsync(_scope.Token).ConfigureAwait(false);
    }

    /// <summary>Counts the ends of a race's children, and cancels the rest once the result is certain either way.</summary>
    private sealed class Tally<T>(int needed, int total)
    {
        private readonly Lock _gate = new();
        private readonly List<T> _values = new(needed);
        private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _lost;

        public GroupScope Scope { get; set; } = null!;

        /// <summary>Completes with the decision. Never, where the race is cancelled before all children were started.</summary>
        public Task WhenDecided => _decided.Task;

        public IReadOnlyList<T>? Values
        {
            get
            {
                lock (_gate) return _values.Count == needed ? [.. _values] : null;
            }
        }

        /// <summary>Called by the group before it lets go of the child, so that the tally is complete when the group ends.</summary>
        public void OnEnded(ILocalChild child)
        {
            // Values can be out of reach without a winner: then nobody lost to this child, it failed like any sibling.
            CancellationCauseKind kind;
            lock (_gate)
            {
                if (child.Kind != OutcomeKind.Succeeded) _lost++;
                else if (_values.Count < needed) _values.Add(((ChildTask<T>)child.Handle).GetResult());
                if (_values.Count < needed && total - _lost >= needed) return;
                kind = _values.Count == needed ? CancellationCauseKind.RaceLost : CancellationCauseKind.SiblingFailed;
            }

            Scope.Cancel(CancelSource.Own, new(kind, null, child.Handle.Name, Scope.Time.GetUtcNow()));
            _decided.TrySetResult();
        }
    }
}
