using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

/// <summary>A tree of failures as a description: it prints, shrinks, and is the model that the real trees are compared with.</summary>
public abstract record Spec
{
    public sealed record Leaf(LeafKind Kind) : Spec
    {
        public override string ToString() => Kind.ToString();
    }

    public sealed record Group(bool Plain, IReadOnlyList<Spec> Children) : Spec
    {
        public override string ToString() => $"{(Plain ? "plain" : "")}[{string.Join(", ", Children)}]";
    }
}

public enum LeafKind
{
    Format,
    Io,
    FileNotFound,
    Canceled,
    Custom,
    RemoteIo,
    OmittedFormat,
}

public sealed class CustomException(string message) : Exception(message);

/// <summary>Random trees, real trees made of them, and the shape of real trees as text.</summary>
internal static class Trees
{
    internal static Arbitrary<Spec.Group> Arbitrary { get; } = Arb.From(
        Gen.Sized(size => GroupOf(Math.Min(size, 60), depth: 0, root: true)),
        group => ShrinkGroup(group));

    /// <summary>Leaves are numbered in order from 1; the number is their message. Children have the origins c1, c2, ….</summary>
    internal static ExceptionGroup Build(Spec.Group spec)
    {
        int next = 1;
        return (ExceptionGroup)Build(spec, ref next, "root");
    }

    internal static Exception MakeLeaf(LeafKind kind, string message) => kind switch
    {
        LeafKind.Format => new FormatException(message),
        LeafKind.Io => new IOException(message),
        LeafKind.FileNotFound => new FileNotFoundException(message),
        LeafKind.Canceled => new OperationCanceledException(message),
        LeafKind.Custom => new CustomException(message),
        LeafKind.RemoteIo =>
            Remote("Far.Away.DiskException", message, "System.IO.IOException", "System.SystemException", "System.Exception"),
        LeafKind.OmittedFormat => new OmittedFailures("System.FormatException", ["System.SystemException", "System.Exception"], 3),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    internal static Exception Remote(string typeName, string message, params string[] bases) =>
        new Failure { TypeName = typeName, Message = message, BaseTypeNames = bases }.ToException();

    internal static IReadOnlyList<Exception> LeavesOf(ExceptionGroup? group) =>
        group is null ? [] : [.. group.Leaves.Select(leaf => leaf.Exception)];

    /// <summary>The counts by type as text, in the order of the types' names.</summary>
    internal static string Counts(ExceptionGroup group) =>
        string.Join(", ", group.CountByType().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}"));

    /// <summary>All leaves' origins as text.</summary>
    internal static string Paths(ExceptionGroup group) => string.Join(", ", group.Leaves.Select(leaf => string.Join('|', leaf.Origins)));

    /// <summary>Such as <c>[1, [2, 3]]</c>.</summary>
    internal static string Shape(Exception? exception) => exception switch
    {
        null => "nothing",
        AggregateException { InnerExceptions.Count: > 0 } group => $"[{string.Join(", ", group.InnerExceptions.Select(Shape))}]",
        OmittedFailures omitted => $"{omitted.Count} more",
        _ => exception.Message,
    };

    /// <summary>A group with origins and a cause.</summary>
    internal static ExceptionGroup Group(string message, CancellationCause? cause, params (Exception Exception,
        FailureOrigin[] Origins)[] inner)
    {
        Children children = new();
        foreach ((Exception exception, FailureOrigin[] origins) in inner) children.Add(exception, origins);
        return new(message, children, cause);
    }

    internal static FailureOrigin At(params string[] path) => new() { Path = path };

    /// <summary>Nested <paramref name="depth"/> times around two leaves, with a leaf at every level.</summary>
    internal static ExceptionGroup Deep(int depth)
    {
        ExceptionGroup group = Group("innermost", null, (new FormatException("bottom"), [At("bottom")]), (new IOException("also"),
            [At("also")]));
        for (int i = 1; i < depth; i++)
        {
            group = Group($"level {i}", null, (group, [At("g")]), (new TimeoutException(i.ToString(CultureInfo.InvariantCulture)),
                [At("t")]));
        }

        return group;
    }

    internal static T Thrown<T>(T exception)
        where T : Exception
    {
        try
        {
            throw exception;
        }
        catch (T caught)
        {
            return caught;
        }
    }

    private static Exception Build(Spec spec, ref int next, string name)
    {
        if (spec is Spec.Leaf leaf) return MakeLeaf(leaf.Kind, (next++).ToString(CultureInfo.InvariantCulture));
        var group = (Spec.Group)spec;
        List<Exception> built = [];
        foreach (Spec child in group.Children) built.Add(Build(child, ref next, $"{name}.{built.Count + 1}"));
        if (group.Plain) return new AggregateException(name, built);
        Children children = new();
        for (int i = 0; i < built.Count; i++) children.Add(built[i], [At($"c{i + 1}")]);
        return new ExceptionGroup(name, children, cause: null);
    }

    private static Gen<Spec.Group> GroupOf(int size, int depth, bool root) =>
        from count in Gen.Choose(1, 5)
        from plain in Gen.Choose(0, 3)
        from children in Gen.ArrayOf(SpecOf(size / (count + 1), depth + 1), count)
        select new Spec.Group(!root && plain == 0, children);

    private static Gen<Spec> SpecOf(int size, int depth)
    {
        Gen<Spec> leaf = Gen.Elements(Enum.GetValues<LeafKind>()).Select(kind => (Spec)new Spec.Leaf(kind));
        return size < 1 || depth > 6 ? leaf : Gen.OneOf(leaf, GroupOf(size, depth, root: false).Select(group => (Spec)group));
    }

    private static IEnumerable<Spec.Group> ShrinkGroup(Spec.Group group)
    {
        foreach (Spec child in group.Children)
        {
            if (child is Spec.Group inner) yield return inner with { Plain = false };
        }

        for (int i = 0; group.Children.Count > 1 && i < group.Children.Count; i++)
        {
            yield return group with { Children = [.. group.Children.Where((_, index) => index != i)] };
        }

        for (int i = 0; i < group.Children.Count; i++)
        {
            if (group.Children[i] is not Spec.Group inner) continue;
            foreach (Spec.Group smaller in ShrinkGroup(inner))
            {
                yield return group with { Children = [.. group.Children.Select((child, index) =>
                    index == i ? smaller with { Plain = inner.Plain } : child)] };
            }
        }
    }
}
