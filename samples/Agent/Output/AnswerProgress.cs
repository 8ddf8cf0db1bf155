namespace Sheaf.Samples.Agent.Output;

/// <summary>Collects what happens while an answer comes about, and tells a view. Safe for any number of threads.</summary>
public sealed class AnswerProgress
{
    private readonly Lock _lock = new();
    private readonly IAnswerView _view;
    private AnswerSnapshot _snapshot;

    public AnswerProgress(string question, IAnswerView view)
    {
        _view = view;
        _snapshot = AnswerSnapshot.Of(question);
        view.Update(_snapshot);
    }

    /// <summary>Where the answer stands now.</summary>
    public AnswerSnapshot Snapshot
    {
        get
        {
            lock (_lock) return _snapshot;
        }
    }

    /// <summary>Announces a tool, or says where it stands now. A silo once named stays, unless another is named.</summary>
    public void Tool(ToolView tool) => Change(snapshot =>
    {
        int at = -1;
        for (int i = 0; i < snapshot.Tools.Length; i++)
            if (snapshot.Tools[i].Name == tool.Name) at = i;
        return snapshot with
        {
            Tools = at < 0
                ? snapshot.Tools.Add(tool)
                : snapshot.Tools.SetItem(at, tool with { Silo = tool.Silo ?? snapshot.Tools[at].Silo }),
        };
    });

    /// <summary>Adds a piece to the answer.</summary>
    public void Append(string piece) => Change(snapshot => snapshot with { Answer = snapshot.Answer + piece });

    /// <summary>Counts a heartbeat.</summary>
    public void Heartbeat() => Change(snapshot => snapshot with { Heartbeats = snapshot.Heartbeats + 1 });

    /// <summary>Says, once, what has failed and what the answer does without.</summary>
    public void Fail(ExceptionGroup failures) => Change(snapshot => snapshot with
    {
        Degraded = true,
        Failures = [.. failures.Leaves.Select(FailureView.Of)],
        FailureTree = failures.ToTreeString(),
    });

    private void Change(Func<AnswerSnapshot, AnswerSnapshot> change)
    {
        lock (_lock)
        {
            _snapshot = change(_snapshot);
            _view.Update(_snapshot);
        }
    }
}
