using Sheaf.Chaos.Load;
using Sheaf.Silo;
using Xunit.Runner.InProc.SystemConsole;

namespace Sheaf.Chaos;

/// <summary>The tests or, with <c>silo</c> before its arguments, a silo as <c>src/Silo</c> makes it that runs their workflow beside the demos.</summary>
internal static class Program
{
    public const string Silo = "silo";

    public static Task<int> Main(string[] args) =>
        args is [Silo, .. string[] rest] ? SiloProgram.RunAsync(rest, sheaf => sheaf.AddWorkflow<RunErrand>().AddWorker<Balk>()) : ConsoleRunner.Run(args);
}
