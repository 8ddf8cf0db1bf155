using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D2: no two workflows, runs or children share an idempotency key or an id.</summary>
public sealed class ReservedIdTests
{
    private readonly ScriptTable _scripts = new();

    public ReservedIdTests() => _scripts.Workflows["w"] = _ => Task.FromResult("done");

    [Theory]
    [Trait("Rule", "D2")]
    [InlineData("order-42~1", "order-42", "'~' and a number")]
    [InlineData("order-42~007", "order-42", "'~' and a number")]
    [InlineData("a/1.0~2", "a/1.0", "'~' and a number")]
    [InlineData("order-42/1.0", "order-42", "'order-42-1.0'")]
    [InlineData("release/2024.11", "release", "'release-2024.11'")]
    [InlineData("order-42~1/1.0.2", "order-42~1", "'order-42~1-1.0.2'")]
    public async Task Start_AnIdThatAnotherWorkflowWouldMake_IsRefusedAndSaysWhyAndWhatToDo(string id, string whose, string remedy)
    {
        await using ScriptHost host = new(_scripts);
        foreach (Func<Task> start in (Func<Task>[])[() => host.StartAsync(id, "w"), () => host.RunAsync(id, "w")])
        {
            ArgumentException refused = await Guard.Throws<ArgumentException>(start);
            Assert.Equal("id", refused.ParamName);
            Assert.Contains($"'{id}'", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"workflow '{whose}'", refused.Message, StringComparison.Ordinal);
            Assert.Contains(remedy, refused.Message, StringComparison.Ordinal);
        }

        Assert.Null(await host.Client.DescribeAsync(id));
    }

    [Theory]
    [Trait("Rule", "D2")]
    [InlineData("orders/42")]
    [InlineData("orders/42/line-1.0")]
    [InlineData("a/1.0/b")]
    [InlineData("home~")]
    [InlineData("~ada/7")]
    [InlineData("a~1b")]
    [InlineData("1.0")]
    [InlineData("v/1.2.3.4")]
    [InlineData("v/1.")]
    public async Task Start_AnIdThatNoneWouldMake_IsTaken(string id)
    {
        await using ScriptHost host = new(_scripts);
        Assert.Equal("done", await host.RunAsync(id, "w").Within("the workflow's end"));
    }

    [Fact]
    public void Id_OfAWorkflowInsideAnother_MayBeLonger()
    {
        string longest = new('x', WorkflowId.MaxLength);
        foreach (string made in (string[])[$"{longest}/1.0", $"{longest}/12.345.2", $"{longest}~3", longest + string.Concat(Enumerable.Repeat("/1.0", 100))]) Assert.Equal(made, new WorkflowId(made).Value);
        foreach (string refused in (string[])[longest + "x", $"{longest}/1", $"{longest}/1.0/x", longest + string.Concat(Enumerable.Repeat("/1.0", 101))])
            Assert.Contains("too long: at most 200, and 600", Assert.Throws<ArgumentException>(() => new WorkflowId(refused)).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D2")]
    public void Names_ThatWorkflowsMake_AreAllRefused()
    {
        WorkflowState state = new("order-42");
        ChildState child = new(new ScopeState(0, null, GroupSettings.Default, DateTimeOffset.UnixEpoch), new StartChild(new ChildId(12, 345), ChildKind.Workflow, "c"));
        foreach (int attempt in (int[])[1, 2, 10])
        {
            child.Attempt = attempt;
            Assert.Throws<ArgumentException>(() => Hosting.ReservedIds.ThrowIfReserved(child.WorkflowIdIn(state)));
        }

        foreach (int run in (int[])[1, 9, 10, int.MaxValue])
            Assert.Throws<ArgumentException>(() => Hosting.ReservedIds.ThrowIfReserved(WorkflowState.NameOfRun("order-42", run)));
    }
}
