namespace Sheaf.Analyzers.Tests;

[Trait("Rule", "D3")]
public sealed class WorkflowCodeTests
{
    [Theory]
    [InlineData("_ = DateTime.Now;", "DateTime.Now: 'DateTime.Now' is another on each resume in workflow code: use workflow.UtcNow")]
    [InlineData("_ = DateTime.UtcNow;", "DateTime.UtcNow: 'DateTime.UtcNow' is another on each resume in workflow code: use workflow.UtcNow")]
    [InlineData("_ = DateTime.Today;", "DateTime.Today: 'DateTime.Today' is another on each resume in workflow code: use workflow.UtcNow")]
    [InlineData("_ = DateTimeOffset.Now;", "DateTimeOffset.Now: 'DateTimeOffset.Now' is another on each resume in workflow code: use workflow.UtcNow")]
    [InlineData("_ = DateTimeOffset.UtcNow;", "DateTimeOffset.UtcNow: 'DateTimeOffset.UtcNow' is another on each resume in workflow code: use workflow.UtcNow")]
    [InlineData("_ = Guid.NewGuid();", "Guid.NewGuid(): 'Guid.NewGuid' is another on each resume in workflow code: use workflow.NewGuid()")]
    [InlineData("_ = Guid.CreateVersion7();", "Guid.CreateVersion7(): 'Guid.CreateVersion7' is another on each resume in workflow code: use workflow.NewGuid()")]
    [InlineData("_ = Random.Shared.Next();", "Random.Shared: 'Random.Shared' is another on each resume in workflow code: use workflow.Random")]
    [InlineData("Random random = new();", "new(): 'new Random()' is another on each resume in workflow code: use workflow.Random, or give it a seed")]
    [InlineData("await Task.Run(() => { });", "Task.Run(() => { }): 'Task.Run' leaves the workflow's turn in workflow code: use a step or a worker")]
    [InlineData("await Task.Delay(5);", "Task.Delay(5): 'Task.Delay' leaves the workflow's turn in workflow code: use DelayAsync of the workflow or the group")]
    [InlineData("await Own().ConfigureAwait(false);", "Own().ConfigureAwait(false): 'ConfigureAwait' leaves the workflow's turn in workflow code: await without it")]
    [InlineData("await Task.FromResult(1).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);", "Task.FromResult(1).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing): 'ConfigureAwait' leaves the workflow's turn in workflow code: await without it")]
    [InlineData("await foreach (Outcome outcome in group.Completions.ConfigureAwait(false)) { }", "group.Completions.ConfigureAwait(false): 'ConfigureAwait' leaves the workflow's turn in workflow code: await without it")]
    public async Task Workflow_ForeignUse_IsReportedWithItsAlternative(string body, string report) => Assert.Equal(["SHEAF002 " + report], await ReportsAsync(body));

    [Theory]
    [InlineData("_ = workflow.UtcNow.AddDays(1) > DateTimeOffset.UnixEpoch;")]
    [InlineData("_ = workflow.NewGuid();")]
    [InlineData("_ = workflow.Random.Next() + new Random(7).Next();")]
    [InlineData("await group.DelayAsync(TimeSpan.FromDays(1));")]
    [InlineData("await Own().ConfigureAwait(true);")]
    [InlineData("await Own().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);")]
    public async Task Workflow_DeterministicWays_AreNotReported(string body) => Assert.Empty(await ReportsAsync(body));

    [Theory]
    [InlineData("await group.Step(\"s\", async ct => { await Task.Delay(5, ct).ConfigureAwait(false); return DateTime.UtcNow; });")]
    [InlineData("await workflow.Step(\"s\", ct => Task.Run(() => Guid.NewGuid(), ct));")]
    [InlineData("await group.Step(\"s\", EffectAsync);")]
    [InlineData("await group.Step(\"s\", Effect); static Task<Guid> Effect(CancellationToken ct) => Task.FromResult(Guid.NewGuid());")]
    [InlineData("Func<CancellationToken, Task<DateTime>> effect = ct => Task.FromResult(DateTime.Now); await group.Step(\"s\", effect);")]
    [InlineData("await group.Step(\"s\", ct => Task.FromResult(new[] { 1 }.Select(i => DateTime.Now.AddDays(i)).First()));")]
    public async Task Effect_OffTheTurn_IsNotReported(string body) => Assert.Empty(await ReportsAsync(body));

    [Theory]
    [InlineData("await group.Branch(\"b\", async branch => { await Task.Yield(); _ = Guid.NewGuid(); });")]
    [InlineData("await group.GroupAsync(\"g\", async nested => { await Task.Yield(); _ = Guid.NewGuid(); });")]
    [InlineData("_ = new[] { 1 }.Select(_ => Guid.NewGuid()).ToList();")]
    [InlineData("_ = (from i in new[] { 1 } select Guid.NewGuid()).ToList();")]
    [InlineData("Local(); static void Local() => _ = Guid.NewGuid();")]
    [InlineData("_ = Text();")]
    [InlineData("_ = Twice();")]
    public async Task Code_OnTheTurn_IsReportedWhereverItStands(string body) =>
        Assert.Equal(["SHEAF002 Guid.NewGuid(): 'Guid.NewGuid' is another on each resume in workflow code: use workflow.NewGuid()"], await ReportsAsync(body, Helpers));

    [Fact]
    public async Task Method_WithAGroup_IsWorkflowCodeInAnyClass() =>
        Assert.Equal(["SHEAF002 DateTime.Now: 'DateTime.Now' is another on each resume in workflow code: use workflow.UtcNow"], await new WorkflowCodeAnalyzer().ReportsOfAsync("""
            public static class Helper
            {
                public static DateTime Start(this WorkflowGroup group) => DateTime.Now;

                public static DateTime Other() => DateTime.Now;
            }
            """));

    [Fact]
    public async Task Worker_IsNoWorkflowCode() => Assert.Empty(await new WorkflowCodeAnalyzer().ReportsOfAsync("""
        [Worker("w")]
        public sealed class Clock : Worker<int, DateTime>
        {
            public override async Task<DateTime> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
            {
                await Task.Delay(input, cancellationToken).ConfigureAwait(false);
                return DateTime.UtcNow;
            }
        }
        """));

    [Fact]
    public async Task Workflow_InsideAnotherType_IsReportedOnce() => Assert.Single(await new WorkflowCodeAnalyzer().ReportsOfAsync("""
        public static class Outer
        {
            public sealed class Flow : Workflow<int, Guid>
            {
                public override Task<Guid> RunAsync(int input, WorkflowContext workflow) => Task.FromResult(Guid.NewGuid());
            }
        }
        """));

    [Fact]
    public async Task LocalGroup_IsNoWorkflowCode() => Assert.Empty(await new WorkflowCodeAnalyzer().ReportsOfAsync("""
        public static class Local
        {
            public static Task RunAsync() => TaskGroup.RunAsync(async group =>
            {
                await group.Start(ct => Task.Delay(5, ct)).AsTask().ConfigureAwait(false);
                _ = DateTime.Now;
            });
        }
        """));

    private const string Helpers = """
        private static string Text() => Guid.NewGuid().ToString();

            private static string Twice() => Text() + Text();
        """;

    private static Task<string[]> ReportsAsync(string body, string helpers = "") => new WorkflowCodeAnalyzer().ReportsOfAsync($$"""
        [Workflow("flow/v1")]
        public sealed class Flow : Workflow<int, int>
        {
            public override async Task<int> RunAsync(int input, WorkflowContext workflow)
            {
                await workflow.GroupAsync("group", async group =>
                {
                    await Own();
                    {{body}}
                });
                return input;
            }

            private static Task Own() => Task.CompletedTask;

            private static Task<DateTime> EffectAsync(CancellationToken token) => Task.FromResult(DateTime.UtcNow);

            {{helpers}}
        }
        """);
}
