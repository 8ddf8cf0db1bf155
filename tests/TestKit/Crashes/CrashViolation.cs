namespace Sheaf.Testing;

/// <summary>Something that is not as it should be after a crash.</summary>
/// <param name="Point">Where the run went wrong; <see langword="null"/> for the undisturbed run.</param>
/// <param name="What">What is not as it should be.</param>
public sealed record CrashViolation(CrashPoint? Point, string What)
{
    /// <summary>Both, on one line where the text is one line.</summary>
    public override string ToString() => $"{Point?.ToString() ?? "undisturbed"}: {What}";
}
