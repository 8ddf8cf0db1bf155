using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Sheaf.Samples.FolderScan;

namespace Sheaf.Samples.Tests.FolderScan;

public sealed class FolderWalkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Enumerate_Tree_EveryFileOnce()
    {
        _folder.Write("a.txt", "12345");
        _folder.Write("sub/b", "");
        _folder.Write("sub/deep/er/中文", "1");
        Directory.CreateDirectory(At("empty"));
        Assert.Equal(["a.txt 5", "sub/b 0", "sub/deep/er/中文 1"], Names(FolderWalk.Enumerate(_folder.Path)));
    }

    [Fact]
    public void Enumerate_LinksToFilesAndFolders_FollowsTheFirstAndSkipsTheOthers()
    {
        _folder.Write("a.txt", "12345");
        File.CreateSymbolicLink(At("link"), "a.txt");
        File.CreateSymbolicLink(At("chain"), "link");
        Directory.CreateSymbolicLink(At("circle"), _folder.Path);
        Assert.Equal(["a.txt 5", "chain 5", "circle: a link to a folder", "link 5"], Names(FolderWalk.Enumerate(_folder.Path)));
    }

    [Fact]
    public void Enumerate_DanglingLink_FileNotFoundNamingLinkAndTarget()
    {
        File.CreateSymbolicLink(At("link"), "nowhere");
        _folder.Write("sub/z", "1");
        WalkEntry[] entries = [.. FolderWalk.Enumerate(_folder.Path)];
        FailedEntry failed = Assert.Single(entries.OfType<FailedEntry>());
        Assert.Equal(At("link"), failed.Path);
        Assert.Equal($"The link '{At("link")}' leads to '{At("nowhere")}', which does not exist.", Assert.IsType<FileNotFoundException>(failed.Error).Message);
        Assert.Single(entries.OfType<FileEntry>());
    }

    [Fact]
    public void Enumerate_LinkToItself_Fails()
    {
        File.CreateSymbolicLink(At("self"), "self");
        Assert.IsType<IOException>(Assert.IsType<FailedEntry>(Assert.Single(FolderWalk.Enumerate(_folder.Path))).Error);
    }

    [Fact]
    public void Enumerate_SpecialFiles_AreSkippedUnopened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "FIFOs are recognized on Linux only.");
        using (var mkfifo = Process.Start("mkfifo", [At("fifo")])) mkfifo.WaitForExit();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At("socket")));
        File.CreateSymbolicLink(At("zero"), "/dev/zero");
        File.CreateSymbolicLink(At("to-fifo"), "fifo");
        Assert.Equal(["fifo: a FIFO", "socket: a socket", "to-fifo: a FIFO", "zero: a device"], Names(FolderWalk.Enumerate(_folder.Path)));
    }

    [Fact]
    public void Enumerate_UnreadableFolder_IsAnEntryAndTheOthersGoOn()
    {
        _folder.Write("a", "1");
        _folder.Write("closed/b", "1");
        _folder.Write("open/c", "1");
        string[] names = Names(FolderWalk.Enumerate(_folder.Path, directory =>
            directory.Name == "closed" ? throw new UnauthorizedAccessException($"Access to the path '{directory.FullName}' is denied.") : directory.EnumerateFileSystemInfos()));
        Assert.Equal(["a 1", "closed! UnauthorizedAccessException", "open/c 1"], names);
    }

    [Fact]
    public void Enumerate_ListingBreaksOff_KeepsWhatCameBefore()
    {
        _folder.Write("a", "1");
        string[] names = Names(FolderWalk.Enumerate(_folder.Path, List));
        Assert.Equal([".! IOException", "a 1"], names);

        static IEnumerable<FileSystemInfo> List(DirectoryInfo directory)
        {
            foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos()) yield return entry;
            throw new IOException("The disk is gone.");
        }
    }

    [Fact]
    public void Enumerate_FileVanishes_Fails()
    {
        string path = _folder.Write("a", "1");
        string[] names = Names(FolderWalk.Enumerate(_folder.Path, directory =>
        {
            FileSystemInfo[] entries = [.. directory.EnumerateFileSystemInfos()];
            File.Delete(path);
            return [.. entries.Select(entry => new FileInfo(entry.FullName))];
        }));
        Assert.Equal(["a! FileNotFoundException"], names);
    }

    [Fact]
    public void Enumerate_NameThatIsNoUtf8_Fails()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere names are Unicode.");
        using (var touch = Process.Start("sh", ["-c", "touch \"$0/$(printf 'bad\\377')\"", _folder.Path])) touch.WaitForExit();
        FailedEntry failed = Assert.IsType<FailedEntry>(Assert.Single(FolderWalk.Enumerate(_folder.Path)));
        Assert.EndsWith("its name is not valid UTF-8.", Assert.IsType<FileNotFoundException>(failed.Error).Message, StringComparison.Ordinal);
        using var remove = Process.Start("sh", ["-c", "rm \"$0\"/bad*", _folder.Path]);
        remove.WaitForExit();
    }

    [Fact]
    public void Enumerate_IsLazy()
    {
        _folder.Write("sub/a", "1");
        _folder.Write("b", "1");
        int listed = 0;
        using IEnumerator<WalkEntry> entries = FolderWalk.Enumerate(_folder.Path, directory =>
        {
            listed++;
            return directory.EnumerateFileSystemInfos();
        }).GetEnumerator();
        Assert.Equal(0, listed);
        Assert.True(entries.MoveNext());
        Assert.Equal(1, listed);
    }

    [Fact]
    public void Enumerate_Root_MayBeALinkOrAFile_ButMustExist()
    {
        _folder.Write("real/a", "12");
        Directory.CreateSymbolicLink(At("link"), At("real"));
        Assert.Equal(At("link/a"), Assert.IsType<FileEntry>(Assert.Single(FolderWalk.Enumerate(At("link")))).Path);
        Assert.Equal(2, Assert.IsType<FileEntry>(Assert.Single(FolderWalk.Enumerate(At("real/a")))).Bytes);
        Assert.Contains("none", Assert.Throws<DirectoryNotFoundException>(() => FolderWalk.Enumerate(At("none"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enumerate_ThenScan_OfThisProgramsFolder_AllSucceed()
    {
        foreach (FileEntry file in FolderWalk.Enumerate(Path.Combine(AppContext.BaseDirectory, "Documents")).Cast<FileEntry>())
        {
            FileReport report = await FileScan.ScanAsync(file.Path, TestContext.Current.CancellationToken);
            Assert.Equal((file.Bytes, ContentKind.Utf8), (report.Bytes, report.Kind));
        }
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private string[] Names(IEnumerable<WalkEntry> entries) =>
    [
        .. entries.Select(entry => Path.GetRelativePath(_folder.Path, entry.Path) + entry switch
        {
            FileEntry file => $" {file.Bytes}",
            FailedEntry failed => $"! {failed.Error.GetType().Name}",
            SkippedEntry skipped => $": {skipped.Reason}",
            _ => throw new UnreachableException(),
        }).Order(StringComparer.Ordinal),
    ];
}
