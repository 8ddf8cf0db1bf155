namespace Sheaf.Samples.Agent;

/// <summary>
/// Puts failures that were looked at as data back together as one tree. A group that throws makes such a tree itself; here nothing was
/// thrown, since every tool's failure was asked for by its outcome.
/// </summary>
internal static class FailureTree
{
    /// <summary>A group of failures, which keep their origins: the names of the children that they come from.</summary>
    public static Failure Group(string title, IEnumerable<Failure> failures) => new()
    {
        TypeName = typeof(ExceptionGroup).FullName!,
        BaseTypeNames = [typeof(AggregateException).FullName!, typeof(Exception).FullName!],
        Message = title,
        IsGroup = true,
        Inner = [.. failures],
    };

    /// <summary>The same failure, as that of the child <paramref name="name"/>.</summary>
    public static Failure At(this Failure failure, string name) => failure with { Origins = [new FailureOrigin { Path = [name] }] };
}
