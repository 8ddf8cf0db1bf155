using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>Says of workflows that are not here what became of them, by the journal: a site must not tell an outcome for ever to who has no use for it.</summary>
/// <remarks>Thread-safe. What the journal does not say, or nobody owns just now, is told again until somebody does (D8).</remarks>
internal sealed class Whereabouts(HostContext host, WorkflowOwner workflows)
{
    /// <summary>Whether a workflow that is not here has ended; not, where the journal cannot be asked.</summary>
    public async Task<bool> HasEndedAsync(WorkflowId id)
    {
        try
        {
            return await host.Journal.FindAsync(id, host.Stopping).ConfigureAwait(false) is not { Status: WorkflowStatus.Running };
        }
        catch (Exception error)
        {
            if (!host.Stopping.IsCancellationRequested) StoreAway.Say(host, error);
            return false;
        }
    }

    /// <summary>What to answer to ends of children.</summary>
    /// <param name="outcomes">The ends.</param>
    /// <param name="notHere">The places of those that could not be taken.</param>
    public async Task<OutcomeAnswer> FindAsync(IReadOnlyList<(WorkflowId Workflow, LeafEnded Ended)> outcomes, IReadOnlyList<int> notHere)
    {
        List<WorkflowId> ended = [];
        Dictionary<WorkflowId, string> moved = [];
        try
        {
            // One that has an actor here is stuck, or about to be let go of: then it is looked for when it is told again.
            foreach (WorkflowId id in notHere.Select(place => outcomes[place].Workflow).Distinct().Where(id => workflows.Find(id) is null))
            {
                WorkflowHeader? header = await host.Journal.FindAsync(id, host.Stopping).ConfigureAwait(false);
                if (header is not { Status: WorkflowStatus.Running }) ended.Add(id);
                else if (header.Owner is { } owner && owner != host.OwnerName) moved.Add(id, owner);
            }
        }
        catch (Exception error)
        {
            if (!host.Stopping.IsCancellationRequested) StoreAway.Say(host, error);
        }

        return new OutcomeAnswer(notHere, ended, moved);
    }
}
