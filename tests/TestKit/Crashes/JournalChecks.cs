using Sheaf.Engine;

namespace Sheaf.Testing;

/// <summary>What holds of every journal, whatever crashed while it was written.</summary>
internal static class JournalChecks
{
    /// <summary>Folds a journal and says what is wrong with it.</summary>
    public static IEnumerable<string> Check(WorkflowState state, IReadOnlyList<JournalEntry> entries)
    {
        Ends ends = new();
        HashSet<string> once = [];
        for (int i = 0; i < entries.Count; i++)
        {
            // Counted in the journal itself, whatever the fold makes of it.
            if (OnceOf(entries[i]) is { } key && !once.Add(key)) yield return $"entry {i} repeats {key}";
            if (state.HasEnded) yield return $"entry {i} ({entries[i].GetType().Name}) comes after the workflow's end";
            else if (IsLate(state, entries[i])) yield return $"entry {i} ({entries[i]}) is late: it was journaled, and changes nothing";
            Transitions.Apply(state, entries[i], ends);
        }

        foreach ((ChildId child, int count) in ends.Counts.Where(child => child.Value != 1)) yield return $"child {child} has {count} outcomes";
        foreach (ChildState child in state.Scopes.SelectMany(scope => scope.Children))
        {
            if (state.HasEnded && (child.Status != ChildStatus.Ended || child.Result is null)) yield return $"child {child.Id} '{child.Start.Name}' is {child.Status} after the workflow's end (R1)";
        }

        if (state.HasEnded && state.Scopes.FirstOrDefault(scope => scope.Result is null) is { } open) yield return $"scope {open.Id} is open after the workflow's end (R1)";
    }

    /// <summary>What a journal may have once.</summary>
    private static string? OnceOf(JournalEntry entry) => entry switch
    {
        WorkflowStarted => "the workflow's start",
        ChildEnded ended => $"the end of attempt {ended.Attempt} of child {ended.Child}",
        ChildReady ready => $"that {ready.Child} is ready",
        ChildSpawned spawned => $"the spawn of '{spawned.Name}' by {spawned.Parent}",
        RetryDue due => $"the retry of {due.Child} after attempt {due.FailedAttempt}",
        DelayEnded delay => $"the end of delay {delay.Child}",
        SignalReceived { Key: { } key } => $"the signal with key '{key}'",
        StartChild start => $"the start of child {start.Child}",
        EndScope end => $"the end of scope {end.Scope}",
        CancelRequested => "the request for cancellation",
        WorkflowTerminated => "the termination",
        _ => null,
    };

    /// <summary>Whether the entry should never have passed the gate: the fence let it through (D2).</summary>
    private static bool IsLate(WorkflowState state, JournalEntry entry) => entry switch
    {
        ChildEnded ended => state.Find(ended.Child) is not { } child || !child.Expects(ended.Attempt, ended.Delivery),
        DeliveriesLost lost => lost.Deliveries.Any(delivery => state.Find(delivery.Child) is not { Status: ChildStatus.Running } child || child.Delivery != delivery.Number),
        RetryDue due => state.Find(due.Child) is not { Status: ChildStatus.BackingOff } child || child.Attempt != due.FailedAttempt,
        DelayEnded delay => state.Find(delay.Child) is not { Status: ChildStatus.Running },
        TimerFired { Kind: TimerKind.Grace } grace => state.Scopes[grace.Scope] is not { Result: null, HasLeafToAbandon: true },
        TimerFired timer => state.Scopes[timer.Scope] is not { Result: null, Cause: null },
        _ => false,
    };

    private sealed class Ends : NoEffects
    {
        public Dictionary<ChildId, int> Counts { get; } = [];

        public override void ChildEnded(ChildState child) => Counts[child.Id] = Counts.GetValueOrDefault(child.Id) + 1;
    }
}
