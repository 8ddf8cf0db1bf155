namespace Sheaf.Samples.Agent.Output;

/// <summary>
/// Lines for a pipe or a log: one whenever a tool's state changes, the answer's lines as each is complete, and the tree of failures
/// at the end.
/// </summary>
public sealed class PlainAnswerView(TextWriter output) : IAnswerView
{
    private readonly Lock _lock = new();
    private AnswerSnapshot? _shown;
    private int _answerShown;

    /// <inheritdoc/>
    public void Update(AnswerSnapshot snapshot)
    {
        lock (_lock)
        {
            foreach (ToolView tool in snapshot.Tools)
                if (_shown?.Tools.FirstOrDefault(known => known.Name == tool.Name)?.State != tool.State) output.WriteLine(Line(tool));
            WriteAnswer(snapshot.Answer, toTheEnd: false);
            _shown = snapshot;
        }
    }

    /// <inheritdoc/>
    public async Task ShowAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        finally
        {
            WriteEnd();
            await output.FlushAsync();
        }
    }

    private void WriteEnd()
    {
        lock (_lock)
        {
            if (_shown is null) return;
            WriteAnswer(_shown.Answer, toTheEnd: true);
            if (_shown.Heartbeats > 0) output.WriteLine($"heartbeats: {_shown.Heartbeats}");
            if (_shown.Degraded) output.WriteLine("degraded: the answer lacks what failed");
            if (_shown.FailureTree is { } tree) output.WriteLine(Printable.Clean(tree));
        }
    }

    // Whole lines only, so that a tool's line never lands in the middle of one.
    private void WriteAnswer(string answer, bool toTheEnd)
    {
        int end = toTheEnd ? answer.Length : answer.LastIndexOf('\n') + 1;
        if (end <= _answerShown) return;
        string text = answer[_answerShown..end];
        output.WriteLine(Printable.Clean(text.EndsWith('\n') ? text[..^1] : text));
        _answerShown = end;
    }

    private static string Line(ToolView tool)
    {
        string silo = tool.Silo is null ? "" : $" on {tool.Silo}";
        string duration = tool.Duration is { } time ? $" in {Printable.Duration(time)}" : "";
        string detail = string.IsNullOrEmpty(tool.Detail) ? "" : $": {tool.Detail}";
        return Printable.Line($"[{tool.Name}] {AnswerViews.Word(tool.State)}{silo}{duration}{detail}");
    }
}
