using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

/// <summary>Rule E3 against a small independent model of Python's <c>except*</c>, which works on descriptions and numbers only.</summary>
[Trait("Rule", "E3")]
public sealed class ExceptStarModelTests
{
    public enum Does
    {
        Swallow,
        Raise,
        Rethrow,
        RethrowOdd,
    }

    /// <summary>One clause: the kinds of leaves that it takes, and what it does with them.</summary>
    public sealed record Clause(LeafKind Kind, Does Does);

    private static readonly Arbitrary<(Spec.Group Tree, Clause[] Clauses)> Cases = Arb.From(
        from tree in Trees.Arbitrary.Generator
        from clauses in Gen.ArrayOf(
            from kind in Gen.Elements(Enum.GetValues<LeafKind>())
            from does in Gen.Elements(Enum.GetValues<Does>())
            select new Clause(kind, does))
        select (tree, clauses),
        shrink => Trees.Arbitrary.Shrinker(shrink.Item1).Select(tree => (tree, shrink.Item2)));

    [Fact]
    public void CatchAsync_RandomTreesAndHandlers_DoesWhatTheModelDoes() => Prop.ForAll(Cases, test =>
    {
        string expected = Model(test.Tree, test.Clauses);
        string actual = Trees.Shape(Real(test.Tree, test.Clauses));
        return (expected == actual).Label($"model {expected}, real {actual}");
    }).QuickCheckThrowOnFailure();

    private static Exception? Real(Spec.Group tree, Clause[] clauses)
    {
        int raised = 0;
        // All handlers complete synchronously, and so does the whole.
        return CatchAsyncTests.Caught(Trees.Build(tree), on => clauses.Aggregate(on, (handlers, clause) =>
        {
            Func<ExceptionGroup, Task> handler = group => clause.Does switch
            {
                Does.Raise => throw new RankException($"r{++raised}"),
                Does.Rethrow => throw group,
                Does.RethrowOdd when group.Subgroup(IsOdd) is { } odd => throw odd,
                _ => Task.CompletedTask,
            };
            return clause.Kind switch
            {
                LeafKind.Format or LeafKind.OmittedFormat => handlers.Type<FormatException>(handler),
                LeafKind.Io => handlers.Type<IOException>(handler),
                LeafKind.FileNotFound => handlers.Type<FileNotFoundException>(handler),
                LeafKind.Canceled => handlers.Type<OperationCanceledException>(handler),
                LeafKind.Custom => handlers.Type<CustomException>(handler),
                _ => handlers.When(leaf => leaf is RemoteException, handler),
            };
        })).GetAwaiter().GetResult();
    }

    private static bool IsOdd(Exception leaf) => int.Parse(leaf.Message, CultureInfo.InvariantCulture) % 2 == 1;

    private static string Model(Spec.Group tree, Clause[] clauses)
    {
        List<LeafKind> leaves = [];
        Collect(tree, leaves);
        HashSet<int> rest = [.. Enumerable.Range(0, leaves.Count)];
        HashSet<int> back = [];
        List<string> raised = [];
        foreach (Clause clause in clauses)
        {
            int[] taken = [.. rest.Where(index => Takes(clause.Kind, leaves[index]))];
            if (taken.Length == 0) continue;
            rest.ExceptWith(taken);
            if (clause.Does == Does.Raise) raised.Add($"r{raised.Count + 1}");
            if (clause.Does == Does.Rethrow) back.UnionWith(taken);
            // Leaves are numbered from 1 in their messages.
            if (clause.Does != Does.RethrowOdd) continue;
            back.UnionWith(taken.Where(index => index % 2 == 0 && leaves[index] != LeafKind.OmittedFormat));
        }

        back.UnionWith(rest);
        int next = 0;
        string left = Draw(tree, back, ref next);
        if (raised.Count == 0) return left.Length == 0 ? "nothing" : left;
        if (left.Length > 0) raised.Add(left);
        return raised is [var only] ? only : $"[{string.Join(", ", raised)}]";
    }

    private static bool Takes(LeafKind clause, LeafKind leaf) => clause switch
    {
        LeafKind.Format or LeafKind.OmittedFormat => leaf is LeafKind.Format or LeafKind.OmittedFormat,
        LeafKind.Io => leaf is LeafKind.Io or LeafKind.FileNotFound or LeafKind.RemoteIo,
        _ => leaf == clause,
    };

    private static void Collect(Spec spec, List<LeafKind> leaves)
    {
        if (spec is Spec.Leaf leaf) leaves.Add(leaf.Kind);
        else foreach (Spec child in ((Spec.Group)spec).Children) Collect(child, leaves);
    }

    private static string Draw(Spec spec, HashSet<int> keep, ref int next)
    {
        if (spec is Spec.Leaf leaf)
        {
            int index = next++;
            if (!keep.Contains(index)) return "";
            return leaf.Kind == LeafKind.OmittedFormat ? "3 more" : (index + 1).ToString(CultureInfo.InvariantCulture);
        }

        List<string> inner = [];
        foreach (Spec child in ((Spec.Group)spec).Children)
        {
            string text = Draw(child, keep, ref next);
            if (text.Length > 0) inner.Add(text);
        }

        return inner.Count == 0 ? "" : $"[{string.Join(", ", inner)}]";
    }
}
