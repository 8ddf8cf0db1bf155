namespace Sheaf.Samples.Agent.Output;

/// <summary>Shows an answer while it comes about. One view shows one answer.</summary>
public interface IAnswerView
{
    /// <summary>Takes the newest snapshot. <see cref="AnswerProgress"/> calls it one call at a time, in the order of the changes.</summary>
    void Update(AnswerSnapshot snapshot);

    /// <summary>Runs <paramref name="work"/>, shows what it does, and afterwards how it ended. What the work throws comes out.</summary>
    Task ShowAsync(Func<Task> work);
}
