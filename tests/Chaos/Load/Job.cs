using Sheaf.Processes;

namespace Sheaf.Chaos.Load;

/// <summary>One workflow of the load: what is asked for, and what has to come of it.</summary>
internal abstract class Job(WorkflowId id)
{
    public WorkflowId Id => id;

    /// <summary>What it is, for people.</summary>
    public abstract string What { get; }

    /// <summary>How many workers and steps it starts.</summary>
    protected abstract int Leaves { get; }

    /// <summary>Whether it is cancelled at some point, and with it children that nobody asks for an end any more.</summary>
    protected virtual bool IsCancelled => false;

    /// <summary>Runs it to its end.</summary>
    /// <returns>What is wrong with the end; null where nothing is.</returns>
    public async Task<string?> RunAsync(IWorkflowClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(client, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return $"unexpected {error}";
        }
    }

    /// <summary>How many children have no outcome in the journal that should have one.</summary>
    public long LostOutcomes(LeafCounts leaves) => Math.Max(0, Leaves - leaves.Started) + Math.Max(0, leaves.WithoutEnd - (IsCancelled ? leaves.Lost : 0));

    protected abstract Task<string?> AskAsync(IWorkflowClient client, CancellationToken cancellationToken);

    protected static string? Compare<T>(T expected, T actual) => EqualityComparer<T>.Default.Equals(expected, actual) ? null : $"{actual} instead of {expected}";
}
