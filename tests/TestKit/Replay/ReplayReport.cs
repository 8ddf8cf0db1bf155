namespace Sheaf.Testing;

/// <summary>What a replay of a recorded workflow found. Immutable.</summary>
public sealed record ReplayReport
{
    /// <summary>Where the code differs from the journal, or why it could not go on: the entry, what is journaled, and what the code does now; <see langword="null"/> where it does the same.</summary>
    public required string? Difference { get; init; }

    /// <summary>Whether the code does what the journal says.</summary>
    public bool IsSame => Difference is null;

    /// <summary>The workflow as its journal tells it, up to its end or to the last entry.</summary>
    public required WorkflowDescription Description { get; init; }

    /// <summary>The value as JSON text; <see langword="null"/> where it has not succeeded, or has none.</summary>
    public required string? Value { get; init; }

    /// <summary>Throws if the code differs.</summary>
    /// <exception cref="NonDeterministicWorkflowException">With the difference.</exception>
    public void ThrowIfDifferent()
    {
        if (Difference is not null) throw new NonDeterministicWorkflowException(Difference);
    }
}
