using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;

namespace Sheaf.Samples.FolderScan;

/// <summary>The command line: reads the arguments, scans, and says how it went by an exit code.</summary>
public static class ScanProgram
{
    /// <summary>Every file was scanned.</summary>
    public const int Done = 0;

    /// <summary>The arguments make no sense, or there is no such folder.</summary>
    public const int UsageError = 2;

    /// <summary>Some files or folders could not be scanned; the others were.</summary>
    public const int SomeFailed = 3;

    /// <summary>Ctrl+C: what was done until then was shown.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs the program.</summary>
    /// <param name="args">As given to the process.</param>
    /// <param name="surroundings">Streams, clock and files.</param>
    /// <param name="cancellationToken">Ends the scan at once; what was done is shown.</param>
    /// <returns>The exit code: one of the constants here.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, ScanSurroundings surroundings, CancellationToken cancellationToken)
    {
        var folder = new Argument<string>("FOLDER") { Description = "The folder to scan, with everything below it; or one file." };
        var maxConcurrency = new Option<int>("--max-concurrency")
        {
            Description = "How many files are read at once.",
            HelpName = "N",
            DefaultValueFactory = _ => Environment.ProcessorCount,
            CustomParser = argument =>
            {
                if (int.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1)
                    return count;
                argument.AddError($"--max-concurrency is '{argument.Tokens[0].Value}': it must be a whole number, at least 1.");
                return 0;
            },
        };
        var json = new Option<bool>("--json") { Description = "Writes one JSON document instead of lines." };
        var command = new RootCommand(
            "Scans every file of a folder: bytes, lines, words, checksum. What cannot be scanned is named at the end, with the reason. "
            + "Exit codes: 0 all scanned, 2 usage error, 3 some failed, 130 interrupted.")
        {
            folder, maxConcurrency, json,
        };
        command.SetAction((arguments, token) => ScanAsync(
            arguments.GetRequiredValue(folder), arguments.GetValue(maxConcurrency), arguments.GetValue(json), surroundings, token));

        // A folder may be called @x: that is no file of further arguments.
        ParseResult parsed = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = surroundings.Output,
            Error = surroundings.Error,
            // A failure that nobody expects ends the program with its stack. Signals are the caller's: see Program.cs.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is not ParseErrorAction mistakes) return await parsed.InvokeAsync(invocation, cancellationToken);
        // By default the whole page of help would go to standard output, where programs look for results.
        mistakes.ShowHelp = false;
        invocation.Output = surroundings.Error;
        await parsed.InvokeAsync(invocation, cancellationToken);
        await surroundings.Error.WriteLineAsync("'--help' says what there is.");
        return UsageError;
    }

    private static async Task<int> ScanAsync(
        string folder, int maxConcurrency, bool json, ScanSurroundings surroundings, CancellationToken cancellationToken)
    {
        IEnumerable<WalkEntry> entries;
        try
        {
            if (folder.Length == 0) throw new ArgumentException("The folder's name is empty.");
            entries = FolderWalk.Enumerate(folder);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or ArgumentException)
        {
            await surroundings.Error.WriteLineAsync(exception.Message);
            return UsageError;
        }

        var totals = new ScanTotals(surroundings.TimeProvider);
        var scan = new FolderScanner(totals, surroundings.Open, maxConcurrency, surroundings.TimeProvider);
        try
        {
            await surroundings.View(json).ShowAsync(totals, () => scan.RunAsync(entries, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await surroundings.Error.WriteLineAsync("Interrupted: the totals are of what was scanned until then.");
            return Interrupted;
        }

        return totals.Failures is null ? Done : SomeFailed;
    }
}
