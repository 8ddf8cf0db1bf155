using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>
/// Workflows that a site has forgotten and that had changed hands: an earlier owner, which was held up between its commit and its sending,
/// may not know that, and its messages come for something that the site has never heard of.
/// </summary>
/// <remarks>Thread-safe. Bounded: of those that are gone from here too, a late message starts what it asks for, once.</remarks>
internal sealed class ForgottenWorkflows
{
    private const int Max = 10_000;

    private readonly Lock _gate = new();

    // Guarded by _gate. Invariant: the queue has every key of the dictionary; one that was forgotten again is there more than once.
    private readonly Dictionary<WorkflowId, long> _epochs = [];
    private readonly Queue<(WorkflowId Workflow, long Epoch)> _oldest = new();

    public void Add(WorkflowId workflow, long epoch)
    {
        // The first owner has none before it.
        if (epoch <= 1) return;
        lock (_gate)
        {
            if (_epochs.GetValueOrDefault(workflow) >= epoch) return;
            _epochs[workflow] = epoch;
            _oldest.Enqueue((workflow, epoch));
            if (_oldest.Count <= Max) return;
            (WorkflowId oldest, long its) = _oldest.Dequeue();
            if (_epochs.GetValueOrDefault(oldest) == its) _epochs.Remove(oldest);
        }
    }

    /// <summary>Whether a message is of an owner before the last one that was heard of here. It may be of another workflow too, to which the id has gone since.</summary>
    public bool MayBeLate(WorkflowId workflow, long epoch)
    {
        lock (_gate) return _epochs.TryGetValue(workflow, out long last) && epoch < last;
    }
}
