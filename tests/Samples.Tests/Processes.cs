using System.Diagnostics;
using System.Text;

namespace Sheaf.Samples.Tests;

/// <summary>Runs a sample as its users do: as a process of its own.</summary>
internal static class Processes
{
    /// <summary>Runs a built program, which lies beside the tests, to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string dll, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, dll), .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // The programs are tested without a model, whatever the machine has.
        foreach (string variable in start.Environment.Keys.Where(key => key.StartsWith("OPENAI_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(variable);
        using Process process = Process.Start(start)!;
        // Only a guard against hanging.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
