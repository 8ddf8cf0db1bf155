namespace Sheaf.Samples.Agent.Model;

/// <summary>
/// The answer contains what a rule forbids. The message names rule and position; it is all that is left of them where the exception
/// was rebuilt in another process.
/// </summary>
public sealed class ComplianceException(string message) : Exception(message)
{
    /// <summary>The forbidden term, or null where the exception was rebuilt from its message.</summary>
    public string? Rule { get; private init; }

    /// <summary>Where the term begins in the answer, in characters from 0, or null where the exception was rebuilt.</summary>
    public long? Position { get; private init; }

    internal static ComplianceException For(string rule, long position) =>
        new($"The answer was stopped: at position {position} it contains '{rule}', which is forbidden.")
        {
            Rule = rule,
            Position = position,
        };
}
