namespace Sheaf.Client.Tests;

/// <summary>A copy of the client that lacks an assembly. The program's list of its assemblies is left out too, so that nobody misses it.</summary>
internal sealed class ClientFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sheaf-client-");

    public ClientFolder(string without)
    {
        foreach (string file in Directory.EnumerateFiles(Programs.ClientFolder))
        {
            string name = System.IO.Path.GetFileName(file);
            if (name != without && (name.EndsWith(".dll", StringComparison.Ordinal) || name == "Sheaf.Client.runtimeconfig.json"))
                File.CreateSymbolicLink(System.IO.Path.Combine(Path, name), file);
        }
    }

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
