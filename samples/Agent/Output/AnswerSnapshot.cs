using System.Collections.Immutable;

namespace Sheaf.Samples.Agent.Output;

/// <summary>Where an answer stands: all that a view shows. Immutable.</summary>
/// <param name="Question">The question.</param>
/// <param name="Tools">The tools, in the order in which they were announced.</param>
/// <param name="Answer">The answer as far as it has come.</param>
/// <param name="Degraded">Whether the answer lacks what a tool or the model should have given.</param>
/// <param name="Failures">What failed.</param>
/// <param name="FailureTree">The failures as Sheaf draws them, several lines; null where there are none.</param>
/// <param name="Heartbeats">How many heartbeats the tools have sent.</param>
public sealed record AnswerSnapshot(
    string Question,
    ImmutableArray<ToolView> Tools,
    string Answer,
    bool Degraded,
    ImmutableArray<FailureView> Failures,
    string? FailureTree,
    int Heartbeats)
{
    /// <summary>Before anything has happened.</summary>
    public static AnswerSnapshot Of(string question) => new(question, [], "", Degraded: false, [], FailureTree: null, Heartbeats: 0);
}

/// <summary>A tool as a view shows it.</summary>
/// <param name="Name">Its name, one of a kind in an answer.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Detail">What it does, gave or failed with, in a line; or null.</param>
/// <param name="Duration">How long it ran, once it has ended; or null.</param>
/// <param name="Silo">Where it runs or ran, on a cluster; or null.</param>
public sealed record ToolView(string Name, ToolState State, string? Detail = null, TimeSpan? Duration = null, string? Silo = null);

/// <summary>Where a tool stands.</summary>
public enum ToolState
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It gave its result.</summary>
    Succeeded,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>One failure of an exception group.</summary>
/// <param name="Path">The names of the groups and the child that it happened in, such as <c>tools/calculator</c>.</param>
/// <param name="Type">The full name of the exception's type, also where that is known in another process only.</param>
/// <param name="Message">Its message.</param>
public sealed record FailureView(string Path, string Type, string Message)
{
    /// <summary>The view of a leaf.</summary>
    public static FailureView Of(FailureLeaf leaf) => new(
        leaf.Origins is [var origin, ..] ? origin.ToString() : "",
        leaf.Exception is RemoteException remote ? remote.RemoteTypeName : leaf.Exception.GetType().FullName!,
        leaf.Exception.Message);
}
