using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sheaf.Samples.Agent.Output;

/// <summary>
/// A picture on a terminal that changes while the work goes on. It is cleared at the end and the whole answer printed in its place,
/// so that what was longer than the window can be scrolled to.
/// </summary>
public sealed class LiveAnswerView(IAnsiConsole console, TimeProvider timeProvider) : IAnswerView
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    private volatile AnswerSnapshot _newest = AnswerSnapshot.Of("");

    /// <inheritdoc/>
    public void Update(AnswerSnapshot snapshot) => _newest = snapshot;

    /// <inheritdoc/>
    public async Task ShowAsync(Func<Task> work)
    {
        try
        {
            await console.Live(Picture(_newest)).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Top)
                .StartAsync(live => RunAsync(live, work));
        }
        finally
        {
            console.Write(Picture(_newest));
        }
    }

    private async Task RunAsync(LiveDisplayContext live, Func<Task> work)
    {
        Task running = work();
        using var timer = new PeriodicTimer(Refresh, timeProvider);
        try
        {
            while (!running.IsCompleted)
            {
                live.UpdateTarget(Picture(_newest));
                await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask());
            }
        }
        finally
        {
            // A picture that cannot be drawn is no reason to leave the work running behind the caller's back.
            await running;
        }
    }

    // Everything here is Text, never markup: a '[' in an answer is a '['.
    private Rows Picture(AnswerSnapshot snapshot)
    {
        // The question first: a live display of nothing at all would throw.
        var rows = new List<IRenderable> { new Text($"? {Printable.Line(snapshot.Question)}", new Style(decoration: Decoration.Bold)) };
        if (snapshot.Tools.Length > 0) rows.Add(Tools(snapshot));
        if (snapshot.Answer.Length > 0) rows.Add(new Padder(new Text(Printable.Clean(snapshot.Answer)), new Padding(1, 1, 1, 1)));
        if (snapshot.FailureTree is { } tree) rows.Add(new Text(Printable.Clean(tree), new Style(Color.Red)));
        if (snapshot.Degraded) rows.Add(new Text("The answer is degraded: it lacks what failed.", new Style(Color.Yellow)));
        if (snapshot.Heartbeats > 0) rows.Add(new Text($"{snapshot.Heartbeats} heartbeats", new Style(Color.Grey)));
        return new Rows(rows);
    }

    private Table Tools(AnswerSnapshot snapshot)
    {
        bool silos = snapshot.Tools.Any(tool => tool.Silo is not null);
        Table table = new Table().Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii)
            .AddColumns("tool", "state", "time", "detail");
        if (silos) table.AddColumn("silo");
        foreach (ToolView tool in snapshot.Tools)
        {
            List<IRenderable> cells =
            [
                new Text(Printable.Line(tool.Name)),
                new Text(AnswerViews.Word(tool.State), new Style(ColorOf(tool.State))),
                new Text(tool.Duration is { } time ? Printable.Duration(time) : ""),
                new Text(Printable.Line(tool.Detail ?? "")),
            ];
            if (silos) cells.Add(new Text(Printable.Line(tool.Silo ?? "")));
            table.AddRow(cells);
        }

        return table;
    }

    private static Color ColorOf(ToolState state) => state switch
    {
        ToolState.Running => Color.Blue,
        ToolState.Succeeded => Color.Green,
        ToolState.Failed => Color.Red,
        ToolState.Cancelled => Color.Yellow,
        _ => Color.Grey,
    };
}
