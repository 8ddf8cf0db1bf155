using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Sheaf.Client.Commands;

/// <summary><c>purge</c>: deletes what ended long ago.</summary>
internal static class PurgeCommand
{
    // A hundred years: the calendar has instants that long ago.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public static Command Create(CommandHost host)
    {
        var olderThan = new Option<TimeSpan>("--older-than")
        {
            HelpName = "AGE",
            Description = "Only those that ended so long ago: a number with s, m, h, d or w, such as 30d or 12h.",
            Required = true,
            CustomParser = ParseAge,
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Deletes nothing, and says how many it would be." };
        var command = new Command("purge", "Deletes workflows that have ended, with their results and events, for good. What runs, waits or is stuck stays.") { olderThan, dryRun };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            DateTimeOffset endedBefore = host.Around.TimeProvider.GetUtcNow() - arguments.GetRequiredValue(olderThan);
            if (arguments.GetValue(dryRun))
            {
                long count = 0;
                await foreach (WorkflowSummary workflow in cluster.Workflows.ListAsync(null, interruption))
                {
                    if (workflow.EndedAt < endedBefore) count++;
                }

                await host.Around.Output.WriteLineAsync($"{count} workflows ended before {endedBefore:u} and would be deleted");
                return ClientProgram.Done;
            }

            await host.Around.Output.WriteLineAsync($"{await cluster.Cluster.PurgeAsync(endedBefore, interruption)} workflows deleted that ended before {endedBefore:u}");
            return ClientProgram.Done;
        });
        return command;
    }

    private static TimeSpan ParseAge(ArgumentResult result)
    {
        string text = result.Tokens is [var token] ? token.Value : "";
        TimeSpan? unit = text is [.., var last] ? UnitOf(last) : null;
        if (unit is { } of
            && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number * of.TotalDays <= Longest.TotalDays)
        {
            return number * of;
        }

        result.AddError($"--older-than is '{text}': it must be a whole number with s, m, h, d or w, such as 30d or 12h, and {Longest.TotalDays:0}d at the most.");
        return default;
    }

    private static TimeSpan? UnitOf(char letter) => letter switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        'w' => TimeSpan.FromDays(7),
        _ => null,
    };
}
