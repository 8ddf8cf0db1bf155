using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sheaf.Processes;

/// <summary>A silo as its users run it: a process of its own, on free loopback ports.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const string Silo = "Sheaf.Silo.dll";
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Test runs at the same time begin at different ports.</summary>
    private static int _lastPort = Environment.ProcessId * 37 % 12_000;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private SiloProcess(Process process)
    {
        _process = process;
        SiloPort = Port("Sheaf__SiloPort");
        GatewayPort = Port("Sheaf__GatewayPort");
        HealthPort = Port("Sheaf__HealthPort");
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        // A test may have given it one that is none.
        int Port(string name) => int.TryParse(process.StartInfo.Environment[name], CultureInfo.InvariantCulture, out int port) ? port : 0;
    }

    public int SiloPort { get; }

    public int GatewayPort { get; }

    public int HealthPort { get; }

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Everything it has printed.</summary>
    public string Output => string.Join(Environment.NewLine, _output);

    /// <summary>A member of the cluster in a database.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="name">The silo's name; null for one that is made up.</param>
    /// <param name="program">The program beside the tests that is the silo, and what comes first among its arguments; null for the usual one.</param>
    public static SiloProcess StartMember(string connectionString, string? name = null, string[]? program = null) => Start(
        program ?? [Silo],
        name is null ? [] : ["--Sheaf:SiloName", name],
        ("Sheaf__Clustering", "PostgreSql"),
        ("Sheaf__AdvertisedAddress", "127.0.0.1"),
        ("ConnectionStrings__Sheaf", connectionString));

    /// <summary>A silo with these arguments and this environment; its ports are free ones unless given.</summary>
    public static SiloProcess Start(string[] args, params (string Name, string Value)[] environment) => Start([Silo], args, environment);

    private static SiloProcess Start(string[] program, string[] args, params (string Name, string Value)[] environment)
    {
        int[] ports = [FreePort(), FreePort(), FreePort()];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program[0]), .. program[1..], .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] own = ["Sheaf__", "ConnectionStrings__", "OTEL_", "ASPNETCORE_", "DOTNET_ENVIRONMENT"];
        foreach (string name in start.Environment.Keys.Where(key => own.Any(prefix => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
            start.Environment.Remove(name);
        start.Environment["Sheaf__SiloPort"] = ports[0].ToString(CultureInfo.InvariantCulture);
        start.Environment["Sheaf__GatewayPort"] = ports[1].ToString(CultureInfo.InvariantCulture);
        start.Environment["Sheaf__HealthPort"] = ports[2].ToString(CultureInfo.InvariantCulture);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new SiloProcess(Process.Start(start)!);
    }

    /// <summary>The environment that gives another silo the ports of this one.</summary>
    public (string Name, string Value)[] Ports() =>
    [
        ("Sheaf__SiloPort", SiloPort.ToString(CultureInfo.InvariantCulture)),
        ("Sheaf__GatewayPort", GatewayPort.ToString(CultureInfo.InvariantCulture)),
        ("Sheaf__HealthPort", HealthPort.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Asks a health endpoint; null while nothing is served, or not in time.</summary>
    public async Task<(HttpStatusCode Code, string Body)?> AskAsync(string path)
    {
        try
        {
            using HttpResponseMessage answer = await Http.GetAsync(
                new Uri($"http://127.0.0.1:{HealthPort}{path}"), TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            // On a busy machine a process that begins takes connections some seconds before it answers.
            return null;
        }
    }

    /// <summary>Asks a health endpoint until it answers, whatever it says.</summary>
    public async Task<(HttpStatusCode Code, string Body)> AnswerAsync(string path, TimeSpan bound)
    {
        (HttpStatusCode Code, string Body)? answer = null;
        await Poll.UntilAsync(async () => (answer = await AskAsync(path)) is not null, bound, () => Output);
        return answer!.Value;
    }

    /// <summary>Waits until the silo says that it is ready.</summary>
    /// <returns>How long that took from now.</returns>
    public Task<TimeSpan> ReadyAsync(TimeSpan bound) => Poll.UntilAsync(async () => await IsReadyAsync(), bound, () => Output);

    public async Task<bool> IsReadyAsync() => await AskAsync("/health/ready") is { Code: HttpStatusCode.OK };

    /// <summary>kill -9: it says goodbye to nobody.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>SIGTERM, as a supervisor stops it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await ExitAsync();
    }

    /// <summary>SIGSTOP: it hangs, and its sockets stay open, until it is woken.</summary>
    public Task SuspendAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task WakeAsync() => SignalAsync("CONT");

    /// <summary>Waits for the process' end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        // Only a guard against hanging.
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TimeProvider.System);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Below the ports that the system hands out to outgoing connections: one of those could take the port before the silo does.</summary>
    private static int FreePort()
    {
        while (true)
        {
            int port = 20_000 + (Interlocked.Increment(ref _lastPort) % 12_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // The next one.
            }
        }
    }
}
