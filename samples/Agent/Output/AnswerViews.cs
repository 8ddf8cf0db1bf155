using Spectre.Console;

namespace Sheaf.Samples.Agent.Output;

/// <summary>Chooses a view for where the output goes.</summary>
public static class AnswerViews
{
    /// <summary>
    /// JSON if it was asked for, a live picture on a terminal that can redraw it and has nothing else to show, and plain lines elsewhere.
    /// </summary>
    /// <param name="json">Whether JSON was asked for.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="timeProvider">The clock.</param>
    public static IAnswerView ForConsole(bool json, TextWriter output, TimeProvider timeProvider) =>
        json ? new JsonAnswerView(Console.OpenStandardOutput())
        : IsTerminal(output) ? new LiveAnswerView(AnsiConsole.Console, timeProvider)
        : new PlainAnswerView(output);

    // Where the console's output is another by now, others print to it, and would do so in the middle of the picture.
    private static bool IsTerminal(TextWriter output) =>
        output == Console.Out && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true };

    internal static string Word(ToolState state) => state switch
    {
        ToolState.Waiting => "waiting",
        ToolState.Running => "running",
        ToolState.Succeeded => "succeeded",
        ToolState.Failed => "failed",
        ToolState.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "There is no such state."),
    };
}
