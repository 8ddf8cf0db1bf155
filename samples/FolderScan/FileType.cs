using System.Runtime.InteropServices;

namespace Sheaf.Samples.FolderScan;

/// <summary>What kind of thing a path leads to.</summary>
internal enum FileType
{
    Unknown,
    Regular,
    Directory,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
}

/// <summary>Asks the operating system for a path's type.</summary>
internal static partial class FileTypes
{
    private const int CurrentDirectory = -100;
    private const uint TypeMask = 1;
    private const int ModeOffset = 28;

    /// <summary>
    /// The type of <paramref name="path"/>, links followed, or <see cref="FileType.Unknown"/> if the system does not say.
    /// </summary>
    /// <remarks>
    /// .NET has no call for this, and opening a FIFO to find out would wait for a writer for ever. statx is Linux's, and of the calls that
    /// know, it is the one whose structure looks the same on every processor. Elsewhere a FIFO in a scanned folder is not recognized.
    /// </remarks>
    public static FileType Of(string path)
    {
        if (!OperatingSystem.IsLinux()) return FileType.Unknown;
        Span<byte> status = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, flags: 0, TypeMask, status) != 0) return FileType.Unknown;
        return (MemoryMarshal.Read<ushort>(status[ModeOffset..]) >> 12) switch
        {
            1 => FileType.Fifo,
            2 => FileType.CharacterDevice,
            4 => FileType.Directory,
            6 => FileType.BlockDevice,
            8 => FileType.Regular,
            12 => FileType.Socket,
            _ => FileType.Unknown,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> status);
}
