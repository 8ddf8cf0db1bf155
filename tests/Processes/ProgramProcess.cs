using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Sheaf.Processes;

/// <summary>A program of the repository as its users run it, with what it prints.</summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();

    private ProgramProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The lines of its standard output.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Its standard error.</summary>
    public string Error => string.Join('\n', _error);

    /// <summary>All that it has printed.</summary>
    public string All => $"{string.Join('\n', _output)}\n{Error}";

    /// <summary>Starts a program.</summary>
    /// <param name="path">Its assembly.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="environment">Variables beside those of the tests; the programs' own are not inherited.</param>
    public static ProgramProcess Start(string path, IEnumerable<string> args, params (string Name, string Value)[] environment)
    {
        // Where the tests run in the background of a shell, SIGINT is ignored, and so it would be by whatever they start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", path, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] own = ["Sheaf__", "ConnectionStrings__", "OTEL_", "OPENAI_"];
        foreach (string name in start.Environment.Keys.Where(key => own.Any(prefix => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
            start.Environment.Remove(name);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new ProgramProcess(Process.Start(start)!);
    }

    /// <summary>Ctrl+C.</summary>
    public async Task InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for its end; ten minutes are only a guard against hanging.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10), TimeProvider.System);
            return _process.ExitCode;
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"The program has not ended within ten minutes. So far:\n{All}", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static void Add(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null) lines.Enqueue(line);
    }
}
