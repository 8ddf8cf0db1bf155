using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>Children in the order of their ends.</summary>
public sealed partial class TaskGroup
{
    /// <summary>
    /// How the children end, each as it does (rule R13): first those that have ended already, in the order in which they did. The
    /// stream ends when every child that was started has been seen; one that is started meanwhile is waited for too.
    /// </summary>
    /// <remarks>
    /// Reading an outcome counts as awaiting the child (rule R16), and never throws for what the child did. Each reading begins with the
    /// first. A token given with <c>WithCancellation</c> ends the reading only; the group's own cancellation ends the children, and the
    /// stream with them. A child that reads to the end waits for itself. Thread-safe.
    /// </remarks>
    public IAsyncEnumerable<Outcome> Completions => ReadCompletionsAsync();

    private async IAsyncEnumerable<Outcome> ReadCompletionsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CompletionFeed feed = _scope.Feed();
        for (int seen = 0; ;)
        {
            // In this order: a child that is started after the count was read has not ended when it was.
            (ILocalChild? child, Task next) = feed.At(seen);
            if (child is null)
            {
                if (seen == _scope.StartedCount) yield break;
                await next.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            seen++;
            child.Handle.MarkAwaited();
            yield return child.Handle.UntypedOutcome;
        }
    }
}
