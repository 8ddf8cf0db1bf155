using Microsoft.Extensions.DependencyInjection;
using Sheaf.Testing;

namespace Sheaf.Docs.Tests.Snippets;

[Workflow("remind/v1")]
public sealed class Remind : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        await workflow.DelayAsync(TimeSpan.FromDays(3));
        return await workflow.Step("send", _ => Task.FromResult($"reminded {input}"));
    }
}

#region approve
[Workflow("approve/v1")]
public sealed class Approve : Workflow<string, string>
{
    public override async Task<string> RunAsync(string order, WorkflowContext workflow)
    {
        bool? approved = null;   // a group that moves on has no value: what it got is in a captured variable
        await workflow.GroupAsync("approval", async group => { approved = await group.WaitForAsync<bool>("approved"); }, new() { MoveOnAfter = TimeSpan.FromDays(2) });
        return approved switch { true => $"{order} goes out", false => $"{order} was refused", null => $"nobody answered for {order}" };
    }
}
#endregion

/// <summary>The examples of the test kit's README.</summary>
public sealed class TestingSnippets
{
    [Fact]
    public async Task CrashTest_InALine_HasManyCrashes()
    {
        #region crash-test
        CrashTestReport report = await CrashTest.RunAsync(Run.Workflow<AnswerQuestion>(), new Question("sheaves", "6.5"), Add);
        #endregion
        Assert.InRange(report.Points.Count, 10, 200);
    }

    #region approve-tests
    [Fact]
    public async Task Approve_SaidInTime_SurvivesEveryCrash()
    {
        CrashTestReport report = await CrashTest.RunAsync(Run.Workflow<Approve>(), "order-7", s => s.AddWorkflow<Approve>(), new CrashTestOptions
        {
            // Made when everything else waits, and again if a crash interrupts it: with a key it counts once.
            WhenWaiting = [(client, id) => client.SignalAsync(id, "approved", true, key: "ada")],
        });
        Assert.Equal("Succeeded: \"order-7 goes out\"", report.Outcome);
    }

    [Fact]
    public async Task Approve_NobodyAnswers_MovesOnAfterTwoDays()
    {
        CrashTestReport report = await CrashTest.RunAsync(Run.Workflow<Approve>(), "order-7", s => s.AddWorkflow<Approve>());
        Assert.Equal("Succeeded: \"nobody answered for order-7\"", report.Outcome);
    }
    #endregion

    #region testing
    [Fact]
    public async Task AnswerQuestion_CrashesAnywhere_AnswersTheSame()
    {
        // Once undisturbed, then once for every journal write and every effect, with a crash there.
        CrashTestReport report = await CrashTest.RunAsync(Run.Workflow<AnswerQuestion>(), new Question("sheaves", "6.5"), Add);
        Assert.Equal("Succeeded: {\"Hits\":[\"about sheaves\"],\"Value\":6.5}", report.Outcome);
    }

    [Fact]
    public async Task Remind_ThreeDays_PassAtOnce()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(Add);
        DateTimeOffset start = host.Clock.GetUtcNow();
        Assert.Equal("reminded Ada", await host.RunAsync(Run.Workflow<Remind>(), "remind-ada", "Ada"));
        Assert.Equal(TimeSpan.FromDays(3), host.Clock.GetUtcNow() - start);
    }

    [Fact]
    public async Task Remind_RecordedJournal_IsWhatTheCodeStillDoes()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(Add);
        await host.RunAsync(Run.Workflow<Remind>(), "remind-ada", "Ada");
        string json = (await RecordedWorkflow.ExportAsync(host.Journal, "remind-ada")).ToJson();   // check this in once …

        ReplayReport report = await ReplayTest.RunAsync(RecordedWorkflow.FromJson(json), Add);     // … and replay it in every build
        report.ThrowIfDifferent();
    }

    private static SheafBuilder Add(SheafBuilder sheaf)
    {
        sheaf.Services.AddSingleton<IDocumentIndex, TinyIndex>();
        return sheaf.AddWorkflow<AnswerQuestion>().AddWorkflow<Remind>().AddWorker<SearchTool>().AddWorker<CalculatorTool>();
    }
    #endregion
}
