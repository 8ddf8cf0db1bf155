using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E7")]
public sealed class FailureCollectorTests
{
    [Fact]
    public void Build_Nothing_IsNull()
    {
        Assert.Null(new FailureCollector().Build("g", null));
        Assert.Equal(0, new FailureCollector().Count);
    }

    [Fact]
    public void Build_WithinTheBound_KeepsOrderOriginsAndCause()
    {
        CancellationCause cause = new(CancellationCauseKind.SiblingFailed, null, "a", default);
        FailureCollector collector = new();
        collector.Add(new FormatException("1"), Trees.At("a"));
        collector.Add(new ExceptionGroup("h", [new IOException("2")]), Trees.At("b"));
        collector.Add(new AggregateException(new IOException("3"), new IOException("4")), Trees.At("c"));

        ExceptionGroup group = collector.Build("g", cause)!;

        Assert.Equal("[1, [2], [3, 4]]", Trees.Shape(group));
        Assert.Equal("a b c c", string.Join(' ', group.Leaves.Select(leaf => leaf.Origins[0])));
        Assert.Same(cause, group.Cause);
        Assert.Equal(4, collector.Count);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public void Add_OneInstanceTwice_AppearsOnceWithBothOrigins()
    {
        FailureCollector collector = new();
        IOException shared = new("1");
        ExceptionGroup group = new("h", [new IOException("2")]);
        foreach (string name in new[] { "a", "b" })
        {
            collector.Add(shared, Trees.At(name));
            collector.Add(group, Trees.At(name));
        }

        ExceptionGroup built = collector.Build("g", null)!;

        Assert.Equal("[1, [2]]", Trees.Shape(built));
        Assert.Equal("a|b", string.Join('|', built.OriginsOf(shared)));
        Assert.Equal("a|b", string.Join('|', built.OriginsOf(group.InnerExceptions[0])));
        Assert.Equal(2, collector.Count);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public void Add_AggregateOfKnownLeaves_IsDropped()
    {
        FailureCollector collector = new();
        IOException first = new("1");
        IOException second = new("2");
        collector.Add(first, Trees.At("a"));
        collector.Add(second, Trees.At("b"));
        collector.Add(new AggregateException(second, new AggregateException(first)), Trees.At("body"));
        collector.Add(new AggregateException(second, new IOException("3")), Trees.At("body"));

        ExceptionGroup built = collector.Build("g", null)!;

        Assert.Equal("[1, 2, [3]]", Trees.Shape(built));
        Assert.Equal("a", Assert.Single(built.OriginsOf(first)).ToString());
        Assert.Equal(3, collector.Count);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public void Add_GroupWithKnownLeaf_LeafAppearsOnceWithBothOrigins()
    {
        FailureCollector collector = new();
        IOException shared = new("1");
        collector.Add(shared, Trees.At("a"));
        collector.Add(Trees.Group("h", null, (shared, [Trees.At("x")]), (new IOException("2"), [Trees.At("y")])), Trees.At("b"));

        ExceptionGroup built = collector.Build("g", null)!;

        Assert.Equal("[1, [2]]", Trees.Shape(built));
        Assert.Equal("a|b/x", string.Join('|', built.OriginsOf(shared)));
    }

    [Fact]
    public void Build_BeyondTheBound_KeepsTheEarliestAndOneOfEachType()
    {
        FailureCollector collector = new(3);
        for (int i = 1; i <= 20; i++) collector.Add(new IOException(i.ToString(CultureInfo.InvariantCulture)), Trees.At($"c{i}"));
        collector.Add(new FormatException("late"), Trees.At("late"));
        for (int i = 0; i < 20; i++) collector.Add(new FormatException("later"), Trees.At("later"));

        ExceptionGroup built = collector.Build("g", null)!;

        Assert.Equal("[1, 2, late, 18 more, 20 more]", Trees.Shape(built));
        Assert.Equal(41, collector.Count);
        Assert.Equal(41, built.LeafCount);
        Assert.Equal("c2", built.OriginsOf(built.InnerExceptions[1])[0].ToString());
        Assert.Equal("g (41 failures: 21 FormatException, 20 IOException)", built.Message);
    }

    [Fact]
    public void Build_MoreTypesThanTheBound_HoldsNoMoreThanIt()
    {
        FailureCollector collector = new(2);
        collector.Add(new IOException("1"), Trees.At());
        collector.Add(new IOException("2"), Trees.At());
        collector.Add(new FormatException("3"), Trees.At());
        collector.Add(new TimeoutException("4"), Trees.At());

        Assert.Equal("[1, 3, 1 more, 1 more]", Trees.Shape(collector.Build("g", null)));
    }

    [Fact]
    public void Bound_NestedGroups_CountWhereTheyWere()
    {
        ExceptionGroup group = Trees.Group(
            "g",
            null,
            (new ExceptionGroup("h", [new IOException("1"), new IOException("2"), new IOException("3"), Omitted(4)]), [Trees.At("a")]),
            (new IOException("4"), []),
            (new FormatException("5"), []));

        ExceptionGroup bounded = FailureBounds.Bound(group, 3);

        Assert.Equal("[[1, 2, 5 more], 5, 1 more]", Trees.Shape(bounded));
        Assert.Equal(group.LeafCount, bounded.LeafCount);
        Assert.Equal("a", bounded.Leaves.First().Origins[0].ToString());
        Assert.Same(bounded, FailureBounds.Bound(bounded, 3));
    }

    [Fact]
    public void Add_AnInstanceNoLongerHeld_IsStillRecognized()
    {
        FailureCollector collector = new(2);
        IOException[] all = [.. Enumerable.Range(0, 20).Select(_ => new IOException())];
        foreach (IOException one in all) collector.Add(one, Trees.At("a"));
        foreach (IOException one in all) collector.Add(one, Trees.At("b"));
        collector.Add(new AggregateException(all), Trees.At("body"));

        Assert.Equal(20, collector.Count);
        Assert.Equal(20, collector.Build("g", null)!.LeafCount);
    }

    [Fact]
    public void Add_Many_HoldsNoMoreThanTheBound()
    {
        FailureCollector collector = new(10);
        List<WeakReference> references = AddWeakly(collector, 1_000);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.InRange(references.Count(reference => reference.IsAlive), 10, 30);
        Assert.Equal(2_000, collector.Count);
        GC.KeepAlive(collector);
    }

    [Fact]
    public void Add_ManyNestedGroups_KeepsABoundedNumberOfThem()
    {
        FailureCollector collector = new(10);
        for (int i = 0; i < 5_000; i++) collector.Add(new ExceptionGroup("h", [new IOException()]), Trees.At("a"));

        ExceptionGroup built = collector.Build("g", null)!;

        Assert.InRange(built.InnerExceptions.Count, 11, 40);
        Assert.Equal(5_000, built.LeafCount);
    }

    [Fact]
    public void Add_ThousandsOfOriginsForOneInstance_KeepsTheFirst()
    {
        FailureCollector collector = new();
        IOException shared = new();
        for (int i = 0; i < 5_000; i++) collector.Add(shared, Trees.At($"c{i}"));

        Assert.Equal(OriginPath.MaxOrigins, collector.Build("g", null)!.OriginsOf(shared).Count);
        Assert.Equal(1, collector.Count);
    }

    [Fact]
    public void Build_Twice_ContinuesCounting()
    {
        FailureCollector collector = new(2);
        for (int i = 0; i < 9; i++) collector.Add(new IOException(), Trees.At("a"));
        ExceptionGroup first = collector.Build("g", null)!;
        for (int i = 0; i < 9; i++) collector.Add(new IOException(), Trees.At("a"));

        Assert.Equal((9, 18), (first.LeafCount, collector.Build("g", null)!.LeafCount));
    }

    [Fact]
    public void Add_TenThousand_IsLinear()
    {
        // The first run pays for compilation. The bound guards against quadratic loops only.
        Collect(10_000);
        var watch = Stopwatch.StartNew();
        Collect(10_000);
        watch.Stop();

        TestContext.Current.TestOutputHelper?.WriteLine($"10,000 failures collected in {watch.Elapsed.TotalMilliseconds:F1} ms");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"took {watch.Elapsed}");
    }

    [Fact]
    public void Bound_RandomTrees_KeepsExactCountsByType() => Prop.ForAll(Trees.Arbitrary, Gen.Choose(1, 12).ToArbitrary(), (spec, max) =>
    {
        ExceptionGroup group = Trees.Build(spec);
        ExceptionGroup bounded = FailureBounds.Bound(group, max);
        Exception[] full = [.. Trees.LeavesOf(bounded).Where(leaf => leaf is not OmittedFailures)];
        Exception[] before = [.. Trees.LeavesOf(group).Where(leaf => leaf is not OmittedFailures)];
        int types = before.Select(TypeNames.NameOf).Distinct(StringComparer.Ordinal).Count();

        return SameCounts(bounded, group)
            && full.Length == Math.Min(max, before.Length)
            && full.SequenceEqual(before.Where(full.Contains))
            && full.Select(TypeNames.NameOf).Distinct(StringComparer.Ordinal).Count() == Math.Min(types, max);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Collector_RandomTrees_HoldsWhatBoundingAllAtOnceWould() =>
        Prop.ForAll(Trees.Arbitrary, Gen.Choose(1, 6).ToArbitrary(), (spec, max) =>
    {
        ExceptionGroup group = Trees.Build(spec);
        FailureCollector collector = new(max);
        foreach (Exception child in group.InnerExceptions) collector.Add(child, Trees.At("a"));
        ExceptionGroup built = collector.Build("g", null)!;

        return collector.Count == group.LeafCount
            && SameCounts(built, group)
            && FullLeaves(built).SequenceEqual(FullLeaves(FailureBounds.Bound(group, max)));
    }).QuickCheckThrowOnFailure();

    private static OmittedFailures Omitted(int count) => new("System.IO.IOException", [], count);

    private static IEnumerable<Exception> FullLeaves(ExceptionGroup group) =>
        Trees.LeavesOf(group).Where(leaf => leaf is not OmittedFailures);

    private static bool SameCounts(ExceptionGroup one, ExceptionGroup other) =>
        Trees.Counts(one) == Trees.Counts(other) && one.LeafCount == other.LeafCount;

    private static void Collect(int count)
    {
        FailureCollector collector = new();
        for (int i = 0; i < count; i++) collector.Add(i % 2 == 0 ? new IOException() : new FormatException(), Trees.At("a"));
        Assert.Equal(count, collector.Build("g", null)!.LeafCount);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> AddWeakly(FailureCollector collector, int count)
    {
        List<WeakReference> references = [];
        for (int i = 0; i < count; i++)
        {
            IOException leaf = new();
            ExceptionGroup group = new("g", [new FormatException()]);
            references.Add(new(leaf));
            references.Add(new(group.InnerExceptions[0]));
            collector.Add(leaf, Trees.At("a"));
            collector.Add(group, Trees.At("b"));
        }

        return references;
    }
}
