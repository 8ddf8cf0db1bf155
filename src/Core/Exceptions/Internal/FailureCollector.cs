using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>
/// Gathers the failures of a task group in the order in which they happened (rules R3, E7), in bounded memory: it holds at most twice
/// <c>maxFailures</c> of them in full, counts them all, and recognizes an instance that it has seen before, also when it no longer
/// holds it.
/// </summary>
/// <remarks>Not thread-safe: the caller locks.</remarks>
internal sealed class FailureCollector
{
    /// <summary>How many failures a group holds in full unless told otherwise.</summary>
    internal const int DefaultMaxFailures = 100;

    private readonly int _maxFailures;
    private readonly List<Entry> _entries = [];
    private readonly OmittedTally _omitted = new();

    // Every instance ever added, and the leaves inside groups. Weak, so that what was left out is not held after all; and still exact,
    // since an instance that nobody holds can never be added again. Invariant: null for leaves inside a group, and the entry itself
    // for what was added.
    private readonly ConditionalWeakTable<Exception, Entry?> _seen = [];

    private long _count;
    private int _held;

    internal FailureCollector(int maxFailures = DefaultMaxFailures)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxFailures);
        _maxFailures = maxFailures;
    }

    /// <summary>All failures so far: leaves, each instance once, those included that are no longer held.</summary>
    internal int Count => GroupTree.Saturate(_count);

    /// <summary>
    /// Adds what a child, or the body, failed with. An instance that was added before only gets one more origin. Of a group the leaves
    /// that were seen before are dropped, and the group with them if nothing remains: that is what a body rethrows that awaited
    /// several of its children at once.
    /// </summary>
    /// <param name="exception">A failure or a group of failures.</param>
    /// <param name="origin">Where it came from, relative to the group that is to be built.</param>
    internal void Add(Exception exception, FailureOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(exception);
        ArgumentNullException.ThrowIfNull(origin);
        if (_seen.TryGetValue(exception, out Entry? before))
        {
            before?.AddOrigin(origin);
            return;
        }

        if (GroupTree.IsGroup(exception)) AddGroup((AggregateException)exception, origin);
        else AddEntry(exception, origin, full: exception is OmittedFailures ? 0 : 1, GroupTree.CountOf(exception));
        if (_held > 2 * _maxFailures) Compact();
    }

    /// <summary>
    /// One group of all that was added; <see langword="null"/> where nothing was. More may be added afterwards, for another build.
    /// </summary>
    internal ExceptionGroup? Build(string message, CancellationCause? cause)
    {
        if (_count == 0) return null;
        if (_held > _maxFailures) Compact();
        Children children = new();
        foreach (Entry entry in _entries) children.Add(entry.Exception, [.. entry.Origins]);
        _omitted.AddTo(children);
        return new(message, children, cause);
    }

    private void AddGroup(AggregateException group, FailureOrigin origin)
    {
        HashSet<Exception> fresh = new(ReferenceEqualityComparer.Instance);
        int full = 0;
        long count = 0;
        int dropped = 0;
        foreach (Exception leaf in GroupTree.Leaves(group))
        {
            if (!_seen.TryAdd(leaf, value: null))
            {
                dropped++;
                continue;
            }

            fresh.Add(leaf);
            count += GroupTree.CountOf(leaf);
            if (leaf is not OmittedFailures) full++;
        }

        // A plain aggregate is only the body's or a child's way of awaiting; a group was a scope in which it failed once more.
        if (dropped > 0 && group is ExceptionGroup) AddOrigins(group, origin);
        if (fresh.Count == 0) return;
        AggregateException remaining = group;
        if (dropped > 0)
        {
            // Each fresh instance once: a set that forgets what it has let through also drops repetitions inside the group.
            ExceptionGroup whole = group as ExceptionGroup ?? new ExceptionGroup(GroupTree.TitleOf(group), group.InnerExceptions);
            remaining = GroupSplit.Split(whole, fresh.Remove).Matched!;
        }

        AddEntry(remaining, origin, full, count);
        if (!ReferenceEquals(remaining, group)) _seen.Add(group, _entries[^1]);
    }

    /// <summary>
    /// Apart from the count above, for which each group of a deep nesting walks all that is below it: paths are as long as it is deep.
    /// </summary>
    private void AddOrigins(AggregateException group, FailureOrigin origin)
    {
        foreach (FailureLeaf leaf in GroupTree.LeavesWithOrigins(group))
        {
            if (!_seen.TryGetValue(leaf.Exception, out Entry? before) || before is null) continue;
            foreach (FailureOrigin at in OriginPath.Compose([origin], leaf.Origins)) before.AddOrigin(at);
        }
    }

    private void AddEntry(Exception exception, FailureOrigin origin, int full, long count)
    {
        Entry entry = new(exception, origin);
        _entries.Add(entry);
        _seen.Add(exception, entry);
        _held += full;
        _count += count;
    }

    /// <summary>Down to the bound; the order of what stays is kept.</summary>
    private void Compact()
    {
        Exception?[] reduced = FailureBounds.Reduce([.. _entries.Select(static entry => entry.Exception)], _maxFailures, _omitted)
            ?? throw new InvalidOperationException("More failures are counted as held than are held.");
        for (int i = 0; i < reduced.Length; i++) _entries[i].Replace(reduced[i]);
        _entries.RemoveAll(static entry => entry.Omitted);
        _held = _maxFailures;
    }

    /// <summary>One exception that was added, or what the bound left of it.</summary>
    private sealed class Entry(Exception exception, FailureOrigin origin)
    {
        private Exception? _exception = exception;

        internal Exception Exception => _exception ?? throw new InvalidOperationException("It was left out.");

        /// <summary>Where it came from, in order of addition; at most <see cref="OriginPath.MaxOrigins"/>.</summary>
        internal List<FailureOrigin> Origins { get; } = [origin];

        internal bool Omitted => _exception is null;

        internal void Replace(Exception? exception) => _exception = exception;

        internal void AddOrigin(FailureOrigin origin)
        {
            if (!Omitted && Origins.Count < OriginPath.MaxOrigins) Origins.Add(origin);
        }
    }
}
