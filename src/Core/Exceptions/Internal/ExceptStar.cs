using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>
/// Python's <c>except*</c> (PEP 654), run: <see cref="RunAsync"/> is the clauses, <see cref="Outcome"/> is what CPython calls
/// <c>_PyExc_PrepReraiseStar</c>.
/// </summary>
internal static class ExceptStar
{
    /// <summary>Runs the handlers, then throws what is left and what they threw.</summary>
    /// <param name="original">What was caught: a group, or something that <see cref="ExceptionGroup.From"/> made one of.</param>
    /// <param name="group">The same as a group.</param>
    /// <param name="handlers">The handlers, in order.</param>
    internal static async Task RunAsync(Exception original, ExceptionGroup group, CatchHandlers handlers)
    {
        ExceptionGroup? rest = group;
        List<Exception> raised = [];
        HashSet<Exception> left = new(ReferenceEqualityComparer.Instance);
        foreach ((Func<Exception, bool> matches, Func<ExceptionGroup, Task> handler) in handlers.InOrder)
        {
            if (rest is null) break;
            Task? run = null;
            try
            {
                (ExceptionGroup? taken, rest) = GroupSplit.Split(rest, matches);
                if (taken is null) continue;
                run = handler(taken) ?? throw new InvalidOperationException("A handler returned null instead of a task.");
                // The next handler is the user's too: it stays on the context or scheduler of who awaits.
                await run.ConfigureAwait(true);
            }
            catch (Exception thrown)
            {
                // A task such as that of Task.WhenAll can hold several; awaiting shows the first only.
                IReadOnlyList<Exception> all = run?.Exception is { InnerExceptions: { Count: > 1 } several } ? several : [thrown];
                foreach (Exception one in all)
                {
                    // Python compares tracebacks to tell a rethrown part of the group from a new one; here a part knows its whole.
                    if (one is ExceptionGroup part && ReferenceEquals(part.Whole, group.Whole)) left.UnionWith(GroupTree.Leaves(part));
                    else raised.Add(one);
                }
            }
        }

        if (rest is not null) left.UnionWith(GroupTree.Leaves(rest));
        if (Outcome(original, group, left, raised) is { } outcome) ExceptionDispatchInfo.Throw(outcome);
    }

    private static Exception? Outcome(Exception original, ExceptionGroup group, HashSet<Exception> left, List<Exception> raised)
    {
        // In the original's structure, wherever a handler put it back.
        Exception? notTaken = left.Count == 0 ? null : GroupSplit.Only(group, left);
        if (ReferenceEquals(notTaken, group)) notTaken = original;

        if (raised.Count == 0) return notTaken;
        if (notTaken is not null) raised.Add(notTaken);
        return raised is [var only] ? only : new ExceptionGroup("", raised);
    }
}
