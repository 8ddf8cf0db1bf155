using Spectre.Console;

namespace Sheaf.Samples.Agent.Output;

/// <summary>Chooses a view for where the output goes.</summary>
public static class AnswerViews
{
    /// <summary>
    /// JSON if it was asked for, a live picture on a terminal that can redraw it, and plain lines elsewhere.
    /// </summary>
    public static IAnswerView ForConsole(bool json, TimeProvider timeProvider) =>
        json ? new JsonAnswerView(Console.OpenStandardOutput())
        : IsTerminal ? new LiveAnswerView(AnsiConsole.Console, timeProvider)
        : new PlainAnswerView(Console.Out);

    private static bool IsTerminal => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true };

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
