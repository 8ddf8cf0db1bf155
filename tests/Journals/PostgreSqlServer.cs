using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

[assembly: AssemblyFixture(typeof(Sheaf.Journals.PostgreSqlServer))]

namespace Sheaf.Journals;

/// <summary>A PostgreSQL server of the tests' own, on a free loopback port, with its data in the temporary folder and fsync on.</summary>
/// <remarks>
/// Needs PostgreSQL's programs under /usr/lib/postgresql or on the PATH; where they are missing, tests are skipped. The
/// server refuses to be root's: then it runs as user postgres.
/// </remarks>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    private const string User = "sheaf";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string? _programs = FindPrograms();
    private readonly string _folder = Directory.CreateTempSubdirectory("sheaf-postgresql").FullName;
    private int _port;
    private int _schemas;
    private bool _started;

    /// <summary>Why there is no server; null where there is one.</summary>
    public string? Missing { get; private set; }

    /// <summary>For Npgsql.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Database=postgres;Username={User};Timeout=30");

    private string Log => Path.Combine(_folder, "server.log");

    private string Data => Path.Combine(_folder, "data");

    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            Missing = "The tests know how to start PostgreSQL on Unix only.";
            return;
        }

        if (_programs is null)
        {
            Missing = "PostgreSQL is not installed: no initdb under /usr/lib/postgresql/*/bin or on the PATH.";
            return;
        }

        if (Environment.IsPrivilegedProcess && !(await File.ReadAllLinesAsync("/etc/passwd")).Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)))
        {
            Missing = "PostgreSQL does not run as root, and there is no user postgres.";
            return;
        }

        // The server's user makes its data there.
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_111_111);
        await RunAsync("initdb", "-D", Data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        using (TcpListener listener = new(IPAddress.Loopback, 0))
        {
            listener.Start();
            _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        await ControlAsync("start");
        _started = true;
    }

    /// <summary>A name that no other test has, for a schema.</summary>
    public string NewSchema() => string.Create(CultureInfo.InvariantCulture, $"test {Interlocked.Increment(ref _schemas)}");

    /// <summary>Stops the server and starts it again; every connection breaks.</summary>
    /// <param name="immediate">Without a goodbye: as after a crash, it recovers from its log.</param>
    public Task RestartAsync(bool immediate) => ControlAsync("restart", "-m", immediate ? "immediate" : "fast");

    /// <summary>What the server has logged.</summary>
    public Task<string> ReadLogAsync() => File.ReadAllTextAsync(Log);

    public async ValueTask DisposeAsync()
    {
        if (_started) await ControlAsync("stop", "-m", "immediate");
        Directory.Delete(_folder, recursive: true);
    }

    private static string? FindPrograms()
    {
        IEnumerable<string> installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int version) ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return installed.Concat(path).FirstOrDefault(folder => Exists(new FileInfo(Path.Combine(folder, "initdb"))));

        // A link that leads nowhere counts as there.
        static bool Exists(FileInfo file) => file.Exists && (file.ResolveLinkTarget(returnFinalTarget: true)?.Exists ?? true);
    }

    private Task ControlAsync(params string[] verb) => RunAsync(
        "pg_ctl",
        [.. verb, "-D", Data, "-l", Log, "-w", "-o", string.Create(CultureInfo.InvariantCulture, $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=100")]);

    private async Task RunAsync(string program, params string[] arguments)
    {
        string file = Path.Combine(_programs!, program);
        ProcessStartInfo start = new() { FileName = file, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        if (Environment.IsPrivilegedProcess)
        {
            start.FileName = "runuser";
            foreach (string argument in (string[])["-u", "postgres", "--", file]) start.ArgumentList.Add(argument);
        }

        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience, TimeProvider.System);
        Task<string> said = process.StandardOutput.ReadToEndAsync(patience.Token);
        Task<string> complained = process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        if (process.ExitCode != 0)
        {
            string log = File.Exists(Log) ? await File.ReadAllTextAsync(Log, patience.Token) : "";
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.\n{await said}{await complained}{log}");
        }
    }
}
