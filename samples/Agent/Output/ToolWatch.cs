namespace Sheaf.Samples.Agent.Output;

/// <summary>Shows a workflow's events as the states of its tools. For one workflow, on one thread at a time.</summary>
/// <param name="group">The name of the group that the tools are children of.</param>
/// <param name="progress">Is told.</param>
/// <param name="notes">Where it is said that a process was lost under a tool.</param>
public sealed class ToolWatch(string group, AnswerProgress progress, TextWriter notes)
{
    private readonly Dictionary<string, DateTimeOffset> _started = new(StringComparer.Ordinal);

    // The first that was cancelled from outside of the children: the group or the whole workflow.
    private CancellationCause? _cause;

    /// <summary>Shows the events until there are no more.</summary>
    public async Task ShowAsync(IAsyncEnumerable<WorkflowEvent> events, CancellationToken cancellationToken)
    {
        await foreach (WorkflowEvent happened in events.WithCancellation(cancellationToken)) Show(happened);
    }

    private void Show(WorkflowEvent happened)
    {
        if (happened.Kind == WorkflowEventKind.Cancelled) _cause ??= happened.Cause;
        if (happened.Path is not [var parent, var name] || parent != group) return;
        switch (happened.Kind)
        {
            case WorkflowEventKind.ChildStarted:
                _started[name] = happened.At;
                progress.Tool(new ToolView(name, ToolState.Running, Silo: happened.Silo));
                break;
            case WorkflowEventKind.AttemptFailed:
                string attempt = $"attempt {happened.Attempt}: {happened.Failure?.Message}";
                progress.Tool(new ToolView(name, ToolState.Running, attempt, Silo: happened.Silo));
                break;
            case WorkflowEventKind.DeliveryLost:
                notes.WriteLine($"{happened.PathText}: its delivery was lost; it is delivered again.");
                break;
            case WorkflowEventKind.ChildEnded:
                TimeSpan? duration = _started.TryGetValue(name, out DateTimeOffset started) ? happened.At - started : null;
                progress.Tool(new ToolView(name, StateOf(happened.Outcome), Detail(happened), duration, happened.Silo));
                break;
            default:
                // Kinds that a later version adds are no reason to stop.
                break;
        }
    }

    private string? Detail(WorkflowEvent ended) =>
        ended.Failure?.Message ?? (StateOf(ended.Outcome) == ToolState.Cancelled ? _cause?.Reason ?? _cause?.ToString() : null);

    private static ToolState StateOf(OutcomeKind? outcome) => outcome switch
    {
        OutcomeKind.Succeeded => ToolState.Succeeded,
        OutcomeKind.Cancelled or OutcomeKind.NotStarted => ToolState.Cancelled,
        _ => ToolState.Failed,
    };
}
