namespace Sheaf.Journal;

/// <summary>One host at a time has a journal to itself: an empty file beside it that the operating system locks, for as long as the process lives at the most.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Takes the lock.</summary>
    /// <param name="journal">The full path of the journal.</param>
    /// <exception cref="InvalidOperationException">Somebody else has it.</exception>
    public FileLock(string journal)
    {
        string path = $"{journal}.lock";
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException or DriveNotFoundException))
        {
            throw new InvalidOperationException(
                $"The journal '{journal}' belongs to a host that runs: another process, or another one of this process, has locked '{path}'. One host at a time runs what is in a file: stop the other one, or give this one a file of its own. To look into a journal that is in use, read its view sheaf_entry.",
                error);
        }
    }

    public void Dispose() => _file.Dispose();
}
