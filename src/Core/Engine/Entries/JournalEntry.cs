using System.Text.Json.Serialization;

namespace Sheaf.Engine;

/// <summary>
/// One entry of a workflow's journal. Entries are of two kinds: an event came from outside and begins a turn; a command
/// is what the workflow's code did in that turn. A turn is journaled whole or not at all.
/// </summary>
/// <remarks>The discriminators and the property names are the journal's format: they may be added to, never changed.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "$")]
[JsonDerivedType(typeof(WorkflowStarted), "started")]
[JsonDerivedType(typeof(WorkflowContinued), "continued")]
[JsonDerivedType(typeof(ChildEnded), "ended")]
[JsonDerivedType(typeof(ChildSpawned), "spawned")]
[JsonDerivedType(typeof(ChildReady), "ready")]
[JsonDerivedType(typeof(DeliveriesLost), "lost")]
[JsonDerivedType(typeof(OwnerStopped), "owner-stopped")]
[JsonDerivedType(typeof(RetryDue), "retry")]
[JsonDerivedType(typeof(TimerFired), "timer")]
[JsonDerivedType(typeof(CancelRequested), "cancel-requested")]
[JsonDerivedType(typeof(WorkflowTerminated), "terminated")]
[JsonDerivedType(typeof(DelayEnded), "delay-ended")]
[JsonDerivedType(typeof(SignalReceived), "signal")]
[JsonDerivedType(typeof(StartChild), "start")]
[JsonDerivedType(typeof(CancelScope), "cancel")]
[JsonDerivedType(typeof(EndScope), "end")]
[JsonDerivedType(typeof(ChangeCode), "changed")]
internal abstract record JournalEntry;

/// <summary>Something that happened outside the workflow's code: it begins a turn.</summary>
/// <param name="At">When; the workflow's clock until the next event.</param>
internal abstract record JournalEvent(DateTimeOffset At) : JournalEntry;

/// <summary>Something that the workflow's code did in the turn of the event before it.</summary>
internal abstract record JournalCommand : JournalEntry
{
    /// <summary>Whether code that runs again did the same. Times and stack texts may differ, what it asks for may not.</summary>
    public abstract bool IsSameAs(JournalCommand other);

    /// <summary>The command in words, for the error that names it.</summary>
    public abstract string Describe();

    /// <summary>An input as far as an error shows it.</summary>
    protected static string Cut(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 80), "…");
}
