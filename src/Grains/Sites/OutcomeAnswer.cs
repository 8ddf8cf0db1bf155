namespace Sheaf.Grains;

/// <summary>What an owner answers to ends of children: all are committed, or have no effect, but for some.</summary>
/// <param name="NotHere">By their places: those whose workflow is not here, or cannot take them now. They are told again, unless the rest says something else of it.</param>
/// <param name="Ended">Workflows of these that have ended, by the journal's word: nobody waits for anything of them.</param>
/// <param name="Moved">Workflows of these that have another owner, and who it is.</param>
internal sealed record OutcomeAnswer(IReadOnlyList<int> NotHere, IReadOnlyCollection<WorkflowId> Ended, IReadOnlyDictionary<WorkflowId, string> Moved)
{
    public OutcomeAnswer(IReadOnlyList<int> notHere)
        : this(notHere, [], new Dictionary<WorkflowId, string>())
    {
    }

    public static OutcomeAnswer Committed { get; } = new([]);
}
