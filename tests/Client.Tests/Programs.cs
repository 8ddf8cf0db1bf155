using System.Reflection;

namespace Sheaf.Client.Tests;

/// <summary>Where the programs are, each in the folder that it was built to.</summary>
internal static class Programs
{
    private static readonly string Root = typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The client's folder.</summary>
    public static string ClientFolder => Folder("src/Client");

    /// <summary>The client.</summary>
    public static string Client => Path.Combine(ClientFolder, "Sheaf.Client.dll");

    /// <summary>The agent on the embedded host.</summary>
    public static string Agent => Path.Combine(Folder("samples/Agent"), "Sheaf.Agent.dll");

    // As this assembly: bin/Debug/net10.0, or another configuration.
    private static string Folder(string project)
    {
        string own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return Path.Combine(Root, project, "bin", Path.GetFileName(Path.GetDirectoryName(own)!), Path.GetFileName(own));
    }
}
