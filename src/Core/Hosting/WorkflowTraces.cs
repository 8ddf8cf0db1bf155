using System.Diagnostics;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The spans of one workflow and its scopes, where they are owned. A span begins with the first leaf that is started in it.</summary>
/// <remarks>Not thread-safe: the actor calls it. Costs nothing where nobody listens.</remarks>
internal sealed class WorkflowTraces(WorkflowId id, string workflow)
{
    private readonly Dictionary<int, Activity?> _spans = [];

    /// <summary>The trace context for a leaf that is started in a scope.</summary>
    public string? ParentOf(ScopeState scope, WorkflowState state) =>
        SheafTelemetry.Source.HasListeners() ? Span(scope, state)?.Id ?? state.TraceParent : state.TraceParent;

    /// <summary>The scope has ended.</summary>
    public void Close(ScopeState scope)
    {
        if (_spans.Remove(scope.Id, out Activity? span)) SheafTelemetry.End(span, scope.Result?.Kind ?? OutcomeKind.Cancelled, scope.Result?.Failure);
    }

    /// <summary>The workflow is another host's, or waits for the next start: its spans end here.</summary>
    public void StopAll()
    {
        foreach (Activity? span in _spans.Values) span?.Stop();
        _spans.Clear();
    }

    private Activity? Span(ScopeState scope, WorkflowState state)
    {
        if (_spans.TryGetValue(scope.Id, out Activity? there)) return there;
        string? parent = scope.Owner is { } owner ? Span(owner.Scope, state)?.Id ?? state.TraceParent : state.TraceParent;
        string name = scope.Owner is null ? $"workflow {workflow}" : $"{(scope.Owner.Start.Kind == ChildKind.Group ? "group" : "branch")} {scope.Name}";
        return _spans[scope.Id] = SheafTelemetry.StartApart(name, parent, new("sheaf.workflow.id", id.Value), new("sheaf.scope", scope.Id));
    }
}
