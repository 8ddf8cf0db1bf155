using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sheaf.PostgreSql;

/// <summary>A real PostgreSQL server of the tests' own: in a folder that is deleted in the end, on a free loopback port, with fsync on.</summary>
/// <remarks>It needs Debian's package <c>postgresql</c> and nothing that is running. As root it runs the server as the user <c>postgres</c>.</remarks>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Installed = "/usr/lib/postgresql";
    private readonly string _binaries;
    private readonly string _folder;
    private int _port;
    private int _databases;
    private int _schemas;

    private PostgreSqlServer(string binaries, string folder)
    {
        _binaries = binaries;
        _folder = folder;
    }

    /// <summary>Why there can be no server here, or null if there can.</summary>
    public static string? Missing =>
        FindBinaries() is null
            ? $"PostgreSQL is not installed: there is no {Installed}/VERSION/bin. On Debian: apt-get install postgresql."
            : Environment.IsPrivilegedProcess && !File.Exists("/usr/sbin/runuser") && !File.Exists("/sbin/runuser")
                ? "PostgreSQL does not run as root, and there is no 'runuser' to change the user with."
                : null;

    /// <summary>Makes and starts a server. The one who calls ends it.</summary>
    public static async Task<PostgreSqlServer> StartAsync()
    {
        var server = new PostgreSqlServer(
            FindBinaries() ?? throw new InvalidOperationException(Missing),
            Directory.CreateTempSubdirectory("sheaf-pg-").FullName);
        try
        {
            if (Environment.IsPrivilegedProcess) await RunAsync("chown", ["postgres", server._folder]);
            await server.RunAsUserAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "sheaf", "-E", "UTF8", "--no-locale");
            await server.StartOnFreePortAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database, so that tests share a server and no data.</summary>
    /// <returns>Its connection string, as Npgsql takes it.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"sheaf_{Interlocked.Increment(ref _databases)}";
        await RunAsUserAsync("createdb", "-h", "127.0.0.1", "-p", Port, "-U", "sheaf", name);
        return $"Host=127.0.0.1;Port={Port};Username=sheaf;Database={name}";
    }

    /// <summary>The server's own database, for tests that share it and keep to a schema each.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=sheaf;Database=postgres;Timeout=30";

    /// <summary>A name that no other test has, for a schema.</summary>
    public string NewSchema() => $"test {Interlocked.Increment(ref _schemas)}";

    /// <summary>What the server has logged.</summary>
    public Task<string> ReadLogAsync() => File.ReadAllTextAsync(Path.Combine(_folder, "log"));

    /// <summary>Ends the server and starts it again, at the same port. Connections break.</summary>
    /// <param name="crash">Whether it ends without writing anything back, as by a loss of power.</param>
    public async Task RestartAsync(bool crash)
    {
        await StopAsync(crash ? "immediate" : "fast");
        await StartAsync(_port);
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid"))) await StopAsync("immediate");
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private string Port => _port.ToString(CultureInfo.InvariantCulture);

    private static string? FindBinaries() =>
        Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed)
                .Where(folder => File.Exists(Path.Combine(folder, "bin", "initdb")))
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
                .FirstOrDefault()
            : null;

    /// <summary>Between finding a free port and using it somebody else may take it.</summary>
    private async Task StartOnFreePortAsync()
    {
        for (int attempt = 1; ; attempt++)
        {
            using (var listener = new TcpListener(IPAddress.Loopback, 0))
            {
                listener.Start();
                _port = ((IPEndPoint)listener.LocalEndpoint).Port;
            }

            try
            {
                await StartAsync(_port);
                return;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // The next port.
            }
        }
    }

    private Task StartAsync(int port) => RunAsUserAsync(
        "pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-t", "60",
        "-o", $"-p {port} -k {_folder} -c listen_addresses=127.0.0.1 -c fsync=on -c max_connections=200", "start");

    private Task StopAsync(string mode) => RunAsUserAsync("pg_ctl", "-D", Data, "-m", mode, "-w", "-t", "60", "stop");

    private Task RunAsUserAsync(string program, params string[] args)
    {
        string path = Path.Combine(_binaries, program);
        return Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", "postgres", "--", path, .. args]) : RunAsync(path, args);
    }

    private static async Task RunAsync(string program, string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}: {await output}{await error}");
    }
}
