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

    /// <summary>Notes a failure.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="degraded">Whether the answer goes on without it; false where the answer as a whole has failed.</param>
    public void Fail(FailureView failure, bool degraded) =>
        Change(snapshot => snapshot with { Failures = snapshot.Failures.Add(failure), Degraded = snapshot.Degraded || degraded });

    private void Change(Func<AnswerSnapshot, AnswerSnapshot> change)
    {
        lock (_lock)
        {
            _snapshot = change(_snapshot);
            _view.Update(_snapshot);
        }
    }
}
