using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

public sealed class ContinueHardCaseTests
{
    private readonly ScriptTable _scripts = new();

    [Fact]
    [Trait("Rule", "D5")]
    [Trait("Rule", "D11")]
    public async Task Continue_CommitIsUnknownAndItsRunHadACancelledGroup_TheNextRunsGroupIsNotCancelled()
    {
        HookedJournal journal = new();
        int unknown = 0;
        journal.AfterAppend = commits => commits.SelectMany(commit => EntryCodec.Decode(commit.Body.Span)).Any(entry => entry is EndScope { ContinuesWith: not null }) && unknown++ == 0
            ? throw new IOException("The journal is away; it was written.")
            : Task.CompletedTask;
        _scripts.Workers["waits"] = async (_, token) =>
        {
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workers["looks"] = (_, token) => Task.FromResult($"signalled: {token.IsCancellationRequested}");
        _scripts.Workflows["first"] = async workflow =>
        {
            await workflow.GroupAsync("g", async group =>
            {
                ChildTask<string> waits = group.Start(Run.Worker<ScriptedWorker>(), "waits");
                group.Cancel("enough");
                await waits.OutcomeAsync();
            });
            workflow.ContinueWith("\"second\"");
            return "";
        };
        _scripts.Workflows["second"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "looks"));
        await using ScriptHost host = new(_scripts, journal);
        Assert.Equal("signalled: False", await host.RunAsync("w", "first").Within("the last run's end"));
        Assert.True(unknown > 0);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Cancel_WorkflowNeverWaitsBetweenItsRuns_EndsIt()
    {
        _scripts.Workflows["hot"] = workflow =>
        {
            workflow.ContinueWith("\"hot\"");
            return Task.FromResult("");
        };
        MemoryJournal journal = new();
        await using (ScriptHost host = new(_scripts, journal))
        {
            await host.StartAsync("w", "hot").Within("the start");
            Assert.True(await host.Client.CancelAsync(new("w"), "enough").Within("the cancellation"));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Client.ResultAsync<string>(new("w")).Within("the end"));
        }

        await using ScriptHost later = new(_scripts, journal);
        WorkflowDescription description = (await later.Client.DescribeAsync(new("w")))!;
        Assert.Equal((WorkflowStatus.Cancelled, "enough"), (description.Status, description.Cause!.Reason));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Cancel_BetweenRunsThatHaveFailuresToThrow_ThrowsThem()
    {
        _scripts.Workflows["hot"] = workflow =>
        {
            workflow.ContinueWith("\"hot\"", new ExceptionGroup("so far", [new FormatException("f")]));
            return Task.FromResult("");
        };
        MemoryJournal journal = new();
        await using (ScriptHost host = new(_scripts, journal))
        {
            await host.StartAsync("w", "hot").Within("the start");
            Assert.True(await host.Client.CancelAsync(new("w"), "enough").Within("the cancellation"));
            ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => host.Client.ResultAsync<string>(new("w")).Within("the end"));
            Assert.Equal("f", Assert.Single(failures.Leaves).Exception.Message);
        }

        await using ScriptHost later = new(_scripts, journal);
        WorkflowDescription description = (await later.Client.DescribeAsync(new("w")))!;
        Assert.Equal((WorkflowStatus.Failed, "enough"), (description.Status, description.Cause!.Reason));
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task Continue_ValueHasNoDefaultThatIsJson_Continues()
    {
        await using ServiceProvider services = new ServiceCollection().AddSheaf(s => s.AddWorkflow<ElementWorkflow>()).UseEmbedded(new MemoryJournal()).BuildServiceProvider();
        JsonElement value = await services.GetRequiredService<IWorkflowClient>().RunAsync(Run.Workflow<ElementWorkflow>(), "w", 0).Within("the last run's end");
        Assert.Equal(1, value.GetInt32());
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "R12")]
    public async Task Keys_OfRunsAndOfAttemptsOfANestedWorkflow_AreAllDifferent()
    {
        ConcurrentBag<string> keys = [];
        _scripts.Workers["key"] = (context, _) =>
        {
            keys.Add(context.IdempotencyKey);
            return Task.FromResult("");
        };
        foreach ((string run, string? next) in new[] { ("0", "1"), ("1", "2"), ("2", null) })
        {
            _scripts.Workflows[run] = async workflow =>
            {
                await workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "key"));
                if (next is null) throw new FormatException("the last run");
                workflow.ContinueWith($"\"{next}\"");
                return "";
            };
        }

        RetryPolicy retry = new() { MaxAttempts = 3, InitialDelay = TimeSpan.Zero };
        _scripts.Workflows["parent"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Workflow<ScriptedWorkflow>(), "0", new() { Retry = retry }));
        await using ScriptHost host = new(_scripts);
        await Guard.Throws<ExceptionGroup>(() => host.RunAsync("w", "parent"));
        Assert.Equal(9, keys.Count);
        Assert.Equal(9, keys.Distinct().Count());
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Changed_QuestionBeforeItIsGone_StillGoesTheNewWay()
    {
        MemoryJournal journal = new();
        _scripts.Workflows["w"] = async workflow =>
        {
            bool a = workflow.Changed("a");
            bool b = workflow.Changed("b");
            return $"{a} {b} {await workflow.WaitForAsync<string>("go")}";
        };
        await using (ScriptHost first = new(_scripts, journal)) await first.StartAsync("w", "w");
        _scripts.Workflows["w"] = async workflow => $"{workflow.Changed("b")} {await workflow.WaitForAsync<string>("go")} {workflow.Changed("a")}";
        await using ScriptHost second = new(_scripts, journal);
        await second.Client.SignalAsync(new("w"), "go", "on");
        Assert.Equal("True on True", await second.Client.ResultAsync<string>(new("w")).Within("the workflow's end"));
    }

    [Fact]
    [Trait("Rule", "D1")]
    public void Continued_ClockHasGoneBack_TheNextRunsTimeDoesNot()
    {
        DateTimeOffset later = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);
        WorkflowState state = new("w");
        NoEffects nothing = new();
        Transitions.Apply(state, new WorkflowStarted(later), nothing);
        Transitions.Apply(state, new EndScope(0, Result.Succeeded(null)) { ContinuesWith = "1" }, nothing);
        Assert.Equal(later, state.ToContinued(later.AddDays(-1)).At);
        Assert.Equal(later.AddDays(1), state.ToContinued(later.AddDays(1)).At);
    }

    [Fact]
    [Trait("Rule", "D8")]
    public void Site_NewOwner_ForgetsWhichScopesWereCancelled()
    {
        List<string> seen = [];
        WorkerSite site = new(new SeenEffects(seen));
        CancellationCause cause = new(CancellationCauseKind.Requested, "enough", null, DateTimeOffset.UnixEpoch);
        site.OnMessage(1, new SignalScope(1, cause), DateTimeOffset.UnixEpoch);
        site.OnMessage(2, new Attach([]), DateTimeOffset.UnixEpoch);
        site.OnMessage(2, new Deliver(new DispatchWorker(new ChildId(1, 0), 1, 2, "a", "w", null, null, null)), DateTimeOffset.UnixEpoch);
        Assert.Equal(["signal 1", "forget 1", "run 1.0 "], seen);
    }

    private sealed class SeenEffects(List<string> seen) : ISiteEffects
    {
        public void Run(DispatchWorker dispatch, CancellationCause? cause) => seen.Add($"run {dispatch.Child} {cause}");

        public void SignalScope(int scope, CancellationCause cause) => seen.Add($"signal {scope}");

        public void Signal(Delivery delivery, CancellationCause cause) => seen.Add($"signal {delivery}");

        public void Forget(int scope) => seen.Add($"forget {scope}");
    }
}

[Workflow("element/v1")]
internal sealed class ElementWorkflow : Workflow<int, JsonElement>
{
    public override async Task<JsonElement> RunAsync(int input, WorkflowContext workflow)
    {
        if (input == 0) return await ContinueAsNewAsync(1, workflow);
        return JsonSerializer.SerializeToElement(input);
    }
}
