namespace Sheaf.Testing;

/// <summary>Where a run of a crash test goes wrong.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Number">At which append, effect or wait of the run, from 1.</param>
public readonly record struct CrashPoint(CrashKind Kind, int Number)
{
    /// <summary>As in "CrashAfterWrite 3".</summary>
    public override string ToString() => $"{Kind} {Number}";
}
