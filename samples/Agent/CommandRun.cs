using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Sheaf.Samples.Agent;

/// <summary>Runs a command line as a program: results and help on one stream, mistakes on the other.</summary>
public static class CommandRun
{
    /// <summary>Reads the arguments, and runs the command that they name.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="args">As given to the process.</param>
    /// <param name="output">Where help goes that was asked for.</param>
    /// <param name="error">Where it is said which arguments make no sense.</param>
    /// <param name="usageError">The exit code for arguments that make no sense.</param>
    /// <param name="interruption">Given to the command.</param>
    /// <returns>The exit code: the command's, or that of a usage error. What the command throws comes out.</returns>
    public static async Task<int> InvokeAsync(
        RootCommand root, IReadOnlyList<string> args, TextWriter output, TextWriter error, int usageError, CancellationToken interruption)
    {
        // A question may begin with '@' or '[': it is text, not a file of further arguments or a directive.
        root.Directives.Clear();
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            // A failure that nobody expects ends the program with its stack. Signals are the caller's: see Program.cs.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is not ParseErrorAction mistakes) return await parsed.InvokeAsync(invocation, interruption);
        // By default the whole page of help would go to standard output, where programs look for results.
        mistakes.ShowHelp = false;
        invocation.Output = error;
        await parsed.InvokeAsync(invocation, interruption);
        await error.WriteLineAsync($"'{HelpOf(parsed)}' says what there is.");
        return usageError;
    }

    private static string HelpOf(ParseResult parsed)
    {
        List<string> words = ["--help"];
        for (CommandResult at = parsed.CommandResult; at.Parent is CommandResult parent; at = parent) words.Insert(0, at.Command.Name);
        return string.Join(' ', words);
    }
}
