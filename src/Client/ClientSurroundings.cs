namespace Sheaf.Client;

/// <summary>What the program takes from around it: the process's own by default, a test's in a test.</summary>
internal sealed record ClientSurroundings
{
    /// <summary>Where results go.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Where errors, progress and notes go.</summary>
    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
