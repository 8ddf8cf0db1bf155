namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>Failures of paths as data.</summary>
internal static class FailedPaths
{
    /// <summary>How many are kept in full, so that a scan's value stays small; beyond, each type is counted (rule E7).</summary>
    public const int MaxKept = 1_000;

    /// <summary>The same failure, as that of the path.</summary>
    public static Failure At(this Failure failure, string path) => failure with { Origins = [new FailureOrigin { Path = [path] }] };

    /// <summary>One group of all; null where there is none.</summary>
    public static Failure? Group(IReadOnlyList<Failure> failures)
    {
        if (failures.Count == 0) return null;
        IEnumerable<Failure> counted = failures.Skip(MaxKept).GroupBy(failure => failure.TypeName, StringComparer.Ordinal)
            .Select(type => new Failure { TypeName = type.Key, BaseTypeNames = type.First().BaseTypeNames, OmittedCount = type.Sum(Count) });
        return new Failure
        {
            TypeName = typeof(ExceptionGroup).FullName!,
            BaseTypeNames = [typeof(AggregateException).FullName!, typeof(Exception).FullName!],
            Message = "scan",
            IsGroup = true,
            Inner = [.. failures.Take(MaxKept), .. counted],
        };
    }

    private static int Count(Failure failure) => Math.Max(1, failure.OmittedCount);
}
