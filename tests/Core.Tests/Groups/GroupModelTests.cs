using FsCheck;
using FsCheck.Fluent;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

/// <summary>
/// Rules R3, R5, R6, R8 and R10 against a small independent model: random trees of groups, in which children succeed, fail,
/// wait for cancellation, fail when cancelled, or cancel their group. At the end something cancels the outermost group.
/// </summary>
/// <remarks>
/// What decides happens in the synchronous part of the children, so causes are certain; what follows runs on the pool in
/// any order, so names are compared in sorted order.
/// </remarks>
[Trait("Rule", "R3")]
[Trait("Rule", "R5")]
[Trait("Rule", "R8")]
[Trait("Rule", "R10")]
public sealed class GroupModelTests
{
    public enum Does
    {
        Succeed,
        Fail,
        Wait,
        FailWhenCancelled,
        CancelGroup,
        SucceedWhenCancelled,
    }

    public enum Ending
    {
        OwnCancel,
        OutsideCancel,
        BodyFails,
    }

    public abstract record Node
    {
        public sealed record Leaf(Does Does) : Node;

        public sealed record Group(GroupPolicy Policy, Node[] Children) : Node
        {
            public override string ToString() => $"{Policy}[{string.Join(", ", Children.AsEnumerable())}]";
        }
    }

    private static readonly Arbitrary<(Node.Group Tree, Ending Ending)> Cases = Arb.From(
        from tree in Gen.Sized(size => GroupOf(Math.Min(size, 12)))
        from ending in Gen.Elements(Enum.GetValues<Ending>())
        select (tree, ending),
        test => Shrink(test.Item1).Select(tree => (tree, test.Item2)));

    [Fact]
    public void Run_RandomTrees_EndsAsTheModelSays() => Prop.ForAll(Cases, test =>
    {
        string expected = Model.Run(test.Tree, test.Ending);
        string actual = Real(test.Tree, test.Ending).Within("the tree", () => $"{test.Tree} {test.Ending}").GetAwaiter().GetResult();
        return (expected == actual).Label($"model: {expected}\nreal:  {actual}");
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static async Task<string> Real(Node.Group tree, Ending ending)
    {
        using CancellationTokenSource caller = new();
        List<TaskGroup> groups = [];
        TaskGroupOptions options = new() { Policy = tree.Policy, Name = "g" };
        TaskGroup? outermost = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            outermost = group;
            Task body = Body(group, tree, groups, "g");
            if (!body.IsCompletedSuccessfully) return body;
            if (ending == Ending.BodyFails) throw new FormatException("g.body");
            return body;
        }, options, caller.Token);
        if (ending == Ending.OutsideCancel) await caller.CancelAsync();
        else outermost!.Cancel();
        string end;
        try
        {
            await run;
            end = "ok";
        }
        catch (ExceptionGroup failures)
        {
            end = Draw(failures);
        }
        catch (OperationCanceledException)
        {
            end = "cancelled";
        }

        IEnumerable<string> outcomes = groups.SelectMany(group => group.Outcomes).Select(outcome => $"{outcome.Name}={outcome.Kind}");
        return $"{end}; {string.Join(' ', outcomes.Order(StringComparer.Ordinal))}";
    }

    private static Task Body(TaskGroup group, Node.Group tree, List<TaskGroup> groups, string path)
    {
        groups.Add(group);
        try
        {
            for (int i = 0; i < tree.Children.Length; i++)
            {
                string name = $"{path}.{i}";
                if (tree.Children[i] is Node.Group nested)
                    _ = group.GroupAsync(name, inner => Body(inner, nested, groups, name), new() { Policy = nested.Policy });
                else
                    _ = group.Start(name, token => Work(group, ((Node.Leaf)tree.Children[i]).Does, name, token));
            }
        }
        catch (OperationCanceledException refused)
        {
            return Task.FromException(refused);
        }

        return Task.CompletedTask;
    }

    private static Task Work(TaskGroup group, Does does, string name, CancellationToken token)
    {
        switch (does)
        {
            case Does.Fail:
                return Task.FromException(new FormatException(name));
            case Does.Wait:
                return Forever(token);
            case Does.FailWhenCancelled:
                return FailWhenCancelled(new FormatException(name), token);
            case Does.SucceedWhenCancelled:
                return Succeed();
            case Does.CancelGroup:
                group.Cancel();
                return Task.CompletedTask;
            default:
                return Task.CompletedTask;
        }

        async Task Succeed() => await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string Draw(Exception failure) => failure is ExceptionGroup group
        ? $"[{string.Join(' ', group.InnerExceptions.Select(Draw).Order(StringComparer.Ordinal))}]"
        : failure.Message;

    private static Gen<Node.Group> GroupOf(int size) =>
        from policy in Gen.Elements(Enum.GetValues<GroupPolicy>())
        from children in NodeOf(size / 2).ArrayOf(size)
        select new Node.Group(policy, children);

    private static Gen<Node> NodeOf(int size)
    {
        Gen<Node> leaf = Gen.Elements(Enum.GetValues<Does>()).Select(does => (Node)new Node.Leaf(does));
        return size == 0 ? leaf : Gen.Frequency((3, leaf), (2, GroupOf(Math.Min(size, 3)).Select(group => (Node)group)));
    }

    private static IEnumerable<Node.Group> Shrink(Node.Group tree)
    {
        for (int i = 0; i < tree.Children.Length; i++)
        {
            yield return tree with { Children = [.. tree.Children[..i], .. tree.Children[(i + 1)..]] };
            if (tree.Children[i] is not Node.Group nested) continue;
            foreach (Node.Group smaller in Shrink(nested)) yield return tree with { Children = [.. tree.Children[..i], smaller, .. tree.Children[(i + 1)..]] };
        }
    }

    /// <summary>The rules once more, in two passes: what the synchronous parts decide, then how everything ends.</summary>
    private static class Model
    {
        private enum By
        {
            Nobody,
            Failure,
            Own,
            Outside,
        }

        private sealed record Scope(Node.Group Tree, string Path)
        {
            public By CancelledBy { get; set; }

            /// <summary>Children admitted, each a leaf or a scope; the rest were refused.</summary>
            public List<object> Admitted { get; } = [];

            public bool Refused { get; set; }
        }

        public static string Run(Node.Group tree, Ending ending)
        {
            Scope outermost = Start(tree, "g");
            bool bodyFails = ending == Ending.BodyFails && !outermost.Refused;
            if (outermost.CancelledBy == By.Nobody)
            {
                // The model's own shortcut: a body that fails lets lenient groups run on, until the cancel that follows.
                outermost.CancelledBy = bodyFails && tree.Policy == GroupPolicy.FailFast ? By.Failure
                    : ending == Ending.OutsideCancel ? By.Outside : By.Own;
                if (ending != Ending.BodyFails && !HasPending(outermost)) outermost.CancelledBy = By.Nobody;
            }

            SortedSet<string> outcomes = new(StringComparer.Ordinal);
            string end = End(outermost, bodyFails ? "g.body" : null, outcomes);
            return $"{end}; {string.Join(' ', outcomes)}";
        }

        private static Scope Start(Node.Group tree, string path)
        {
            Scope scope = new(tree, path);
            for (int i = 0; i < tree.Children.Length; i++)
            {
                if (scope.CancelledBy != By.Nobody)
                {
                    scope.Refused = true;
                    break;
                }

                Node child = tree.Children[i];
                scope.Admitted.Add(child is Node.Group nested ? Start(nested, $"{path}.{i}") : ((Node.Leaf)child).Does);
                if (child is Node.Leaf { Does: Does.CancelGroup }) scope.CancelledBy = By.Own;
                if (child is Node.Leaf { Does: Does.Fail } && tree.Policy == GroupPolicy.FailFast) scope.CancelledBy = By.Failure;
            }

            return scope;
        }

        private static bool HasPending(Scope scope) => scope.Admitted.Any(child => child switch
        {
            Does does => does is Does.Wait or Does.FailWhenCancelled or Does.SucceedWhenCancelled,
            Scope nested => nested.CancelledBy == By.Nobody && HasPending(nested),
            _ => false,
        });

        private static string End(Scope scope, string? bodyFailure, SortedSet<string> outcomes)
        {
            List<string> failures = [];
            bool anyCancelled = false;
            for (int i = 0; i < scope.Admitted.Count; i++)
            {
                string name = $"{scope.Path}.{i}";
                string end;
                if (scope.Admitted[i] is Scope nested)
                {
                    // Cancellation goes down into what has not ended or been cancelled by itself.
                    if (nested.CancelledBy == By.Nobody && HasPending(nested)) nested.CancelledBy = By.Outside;
                    end = End(nested, null, outcomes);
                }
                else
                {
                    end = (Does)scope.Admitted[i] switch
                    {
                        Does.Fail or Does.FailWhenCancelled => name,
                        Does.Wait => "cancelled",
                        _ => "ok",
                    };
                }

                outcomes.Add($"{name}={(end == "ok" ? OutcomeKind.Succeeded : end == "cancelled" ? OutcomeKind.Cancelled : OutcomeKind.Failed)}");
                if (end == "cancelled") anyCancelled = true;
                else if (end != "ok" && scope.Tree.Policy != GroupPolicy.Settle) failures.Add(end);
            }

            if (bodyFailure is not null) failures.Add(bodyFailure);
            if (failures.Count > 0) return $"[{string.Join(' ', failures.Order(StringComparer.Ordinal))}]";
            return scope.CancelledBy == By.Outside && (anyCancelled || scope.Refused) ? "cancelled" : "ok";
        }
    }
}
