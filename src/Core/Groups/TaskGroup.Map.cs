namespace Sheaf;

/// <summary>Maps: one child an item, in memory that does not grow with the source (rule R15).</summary>
public sealed partial class TaskGroup
{
    /// <summary>Runs one child for each item, at most <see cref="TaskGroupOptions.MaxConcurrency"/> at a time.</summary>
    /// <typeparam name="TItem">The type of the items.</typeparam>
    /// <param name="source">The items, of any number. Read as places become free, never ahead of them.</param>
    /// <param name="work">The work on one item.</param>
    /// <param name="options">How the map behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the map from outside.</param>
    /// <returns>The counters. Under <see cref="GroupPolicy.Settle"/> they come with the failures.</returns>
    /// <exception cref="ExceptionGroup">Children, the source or a callback failed, and the policy is not to settle.</exception>
    /// <exception cref="OperationCanceledException">The token was signalled, and nothing failed.</exception>
    /// <exception cref="DeadlineExceededException">The deadline passed, and nothing failed.</exception>
    public static Task<MapSummary> MapAsync<TItem>(IEnumerable<TItem> source, Func<TItem, CancellationToken, Task> work, MapOptions<TItem>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return MapCoreAsync(null, source, work, options ?? new(), cancellationToken);
    }

    /// <summary>Runs one child for each item of an asynchronous source.</summary>
    /// <inheritdoc cref="MapAsync{TItem}(IEnumerable{TItem}, Func{TItem, CancellationToken, Task}, MapOptions{TItem}?, CancellationToken)"/>
    public static Task<MapSummary> MapAsync<TItem>(IAsyncEnumerable<TItem> source, Func<TItem, CancellationToken, Task> work, MapOptions<TItem>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return MapCoreAsync(source, null, work, options ?? new(), cancellationToken);
    }

    private static async Task<MapSummary> MapCoreAsync<TItem>(IAsyncEnumerable<TItem>? stream, IEnumerable<TItem>? list, Func<TItem, CancellationToken, Task> work, MapOptions<TItem> options, CancellationToken outside)
    {
        ArgumentNullException.ThrowIfNull(work);
        TaskGroupOptions groupOptions = options.Group ?? TaskGroupOptions.Default;
        if (groupOptions.GracePeriod != Timeout.InfiniteTimeSpan)
            throw new ArgumentException($"{nameof(TaskGroupOptions.GracePeriod)} is {groupOptions.GracePeriod}: a map keeps no children that it could give up. Leave it at Timeout.InfiniteTimeSpan.", nameof(options));
        groupOptions.Validate();
        int window = groupOptions.MaxConcurrency ?? Environment.ProcessorCount;
        MapBooks books = new(groupOptions, window, options.Progress);
        GroupScope scope = new(groupOptions with { MaxConcurrency = null }, parent: null, keepsChildren: false) { OnEnded = books.OnEnded };
        books.Scope = scope;
        TaskGroup group = new(scope);

        GroupEnd<Nothing> end = await GroupRun.RunAsync<Nothing>(group, scope, FeedAsync, outside).ConfigureAwait(false);
        books.AddFound(end.Failures);
        MapSummary summary = books.Summarize();
        if (summary.Failures is not null && books.MustThrow) throw summary.Failures;
        // Children are not kept, so the verdict on a cut-short map is asked for again with what the counters know.
        GroupVerdict verdict = GroupVerdicts.Decide(scope.Source, hasFailures: false, end.BodySucceeded, summary.Cancelled > 0);
        group.Finish(end with { Verdict = verdict }, outside);
        return summary;

        async Task FeedAsync(TaskGroup _)
        {
            if (stream is not null)
            {
                await foreach (TItem item in stream.WithCancellation(scope.Token).ConfigureAwait(false)) await StartOneAsync(item).ConfigureAwait(false);
            }
            else
            {
                foreach (TItem item in list!) await StartOneAsync(item).ConfigureAwait(false);
            }
        }

        async ValueTask StartOneAsync(TItem item)
        {
            await books.EnterAsync(scope.Token).ConfigureAwait(false);
            try
            {
                string? name = options.Name?.Invoke(item);
                if (name is { Length: 0 }) throw new ArgumentException($"{nameof(options.Name)} gave an empty name. Give the child a name, or null for its ordinal.");
                _ = scope.Start<Nothing>(name, token => work(item, token), options: null);
            }
            catch
            {
                books.LeaveWindow();
                throw;
            }
        }
    }

    /// <summary>The window and the counters of one map.</summary>
    private sealed class MapBooks(TaskGroupOptions options, int window, IProgress<Outcome>? progress)
    {
        private readonly SemaphoreSlim _places = new(window, window);

        /// <summary>Guards the fields below it.</summary>
        private readonly Lock _gate = new();
        private readonly FailureCollector _failures = new(options.MaxFailures);
        private long _succeeded;
        private long _failed;
        private long _cancelled;

        // Whether the map itself failed, not just its children: that throws under every policy.
        private bool _mapFailed;

        public GroupScope Scope { get; set; } = null!;

        public bool MustThrow
        {
            get
            {
                lock (_gate) return _mapFailed || options.Policy.ThrowsAtEnd();
            }
        }

        public Task EnterAsync(CancellationToken cancellationToken) => _places.WaitAsync(cancellationToken);

        public void LeaveWindow() => _places.Release();

        public void OnEnded(ILocalChild child)
        {
            lock (_gate)
            {
                if (child.Kind == OutcomeKind.Succeeded) _succeeded++;
                else if (child.Kind != OutcomeKind.Failed) _cancelled++;
                else
                {
                    _failed++;
                    _failures.Add(child.Error!, child.Origin);
                }
            }

            try
            {
                progress?.Report(child.Handle.UntypedOutcome);
            }
            catch (Exception callbackError)
            {
                lock (_gate)
                {
                    _failures.Add(callbackError, new FailureOrigin { Path = ["(progress)"] });
                    _mapFailed = true;
                }

                Scope.Cancel(CancelSource.Failure, new(CancellationCauseKind.SiblingFailed, "the map's progress report failed", null, Scope.Time.GetUtcNow()));
            }

            LeaveWindow();
        }

        /// <summary>Adds what the group itself found: failures of the source, of the callbacks on its token, of naming.</summary>
        public void AddFound(ExceptionGroup? found)
        {
            lock (_gate)
            {
                foreach (Exception error in found?.InnerExceptions ?? [])
                {
                    _failures.Add(error, found!.OriginsOf(error) is [var origin, ..] ? origin : new FailureOrigin());
                    _mapFailed = true;
                }

                // Where the group itself found failures, it has added the deadline to them.
                if (found is null && Scope.Source == CancelSource.Deadline && _failures.Count > 0 && options.Policy.ThrowsAtEnd())
                    _failures.Add(GroupFailures.DeadlineError(Scope.Facts), new FailureOrigin());
            }
        }

        public MapSummary Summarize()
        {
            lock (_gate) return new(_succeeded, _failed, _cancelled, _failures.Build(Scope.DisplayName, Scope.Cause));
        }
    }
}
