using Sheaf.Engine;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D11: code beside and around a checkpoint does the same, whether the checkpoint's own code is run or skipped.</summary>
public sealed class CheckpointReplayTests
{
    private static readonly WorkflowGroupOptions Checkpoint = new() { Checkpoint = true };
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D11")]
    public void Changed_AskedBesideACheckpointThatAsksToo_IsFoundAgain() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            ChildTask stage = workflow.GroupAsync("stage", async group =>
            {
                _ = workflow.Changed("inside");
                await group.WaitForAsync<string>("first");
            }, Checkpoint);
            ChildTask<bool> beside = workflow.GroupAsync("beside", async group =>
            {
                bool isNew = workflow.Changed("beside");
                await group.WaitForAsync<string>(isNew ? "new" : "old");
                return isNew;
            });
            await stage;
            return $"{await beside} {await workflow.WaitForAsync<string>("last")}";
        },
        "True 3",
        Signal("first", 1), Signal("new", 2), Signal("last", 3));

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D11")]
    public void End_CodeBesideGoesOnInTheSameTurn_ComesAtTheSamePlaceAgain() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            // Both go on with one signal, and beside takes more steps of the scheduler than the checkpoint does.
            ChildTask<string> both = workflow.WaitForAsync<string>("both");
            ChildTask stage = workflow.GroupAsync("stage", async _ => await both, Checkpoint);
            ChildTask<string> beside = workflow.GroupAsync("beside", async group =>
            {
                await DeepAsync(both, 6);
                string seen = $"{stage.HasEnded}";
                await group.WaitForAsync<string>("beside");
                return seen;
            });
            await stage;
            await workflow.WaitForAsync<string>("after");
            return await beside;
        },
        "False",
        Signal("both", 1), Signal("after", 2), Signal("beside", 3));

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D11")]
    public void End_OfTwoCheckpointsInOneTurn_ComeOneAfterTheOther() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            List<string> seen = [];
            ChildTask<string> both = workflow.WaitForAsync<string>("both");
            await workflow.GroupAsync("all", group =>
            {
                foreach (string name in (string[])["a", "b"])
                {
                    _ = group.Branch(name, async context =>
                    {
                        await context.GroupAsync($"stage {name}", async _ => await both, Checkpoint);
                        seen.Add($"{name}1");
                        await Task.Yield();
                        seen.Add($"{name}2");
                    });
                }

                return Task.CompletedTask;
            });
            return $"{string.Join(' ', seen)} {await workflow.WaitForAsync<string>("last")}";
        },
        "a1 a2 b1 b2 2",
        Signal("both", 1), Signal("last", 2));

    [Fact]
    [Trait("Rule", "R16")]
    [Trait("Rule", "D11")]
    public void Await_OfAnIsolatedChildOutside_StillTakesItsFailure() => RunAndCrashAfterEachTurn(
        workflow => workflow.GroupAsync("outer", async outer =>
        {
            ChildTask<string> fails = outer.Branch<string>("fails", async context => throw new FormatException(await context.WaitForAsync<string>("fail")), new() { Isolated = true });
            string seen = await outer.GroupAsync("stage", async group => await group.GroupAsync("inner", async _ => $"{(await fails.OutcomeAsync()).Kind}", Checkpoint), Checkpoint);
            await outer.WaitForAsync<string>("last");
            return seen;
        }),
        "Failed",
        Signal("fail", 1), Signal("last", 2));

    [Fact]
    [Trait("Rule", "R16")]
    [Trait("Rule", "D11")]
    public void Await_OfAChildOfAGroupThatEndsBeforeTheCheckpoint_StillTakesItsFailure() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            ChildTask<string>? fails = null;
            ChildTask first = workflow.GroupAsync("first", group =>
            {
                fails = group.Branch<string>("fails", async context => throw new FormatException(await context.WaitForAsync<string>("fail")), new() { Isolated = true });
                return Task.CompletedTask;
            });
            ChildTask<string> stage = workflow.GroupAsync("stage", async group => $"{(await fails!.OutcomeAsync()).Kind} {await group.WaitForAsync<string>("end")}", Checkpoint);
            await first;
            await workflow.WaitForAsync<string>("last");
            return await stage;
        },
        "Failed 2",
        Signal("fail", 1), Signal("end", 2), Signal("last", 3));

    [Fact]
    [Trait("Rule", "R6")]
    [Trait("Rule", "D11")]
    public void Cancel_OfACheckpointByItself_ThrowsAsOtherGroupsDo() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            string seen = "";
            try
            {
                await workflow.GroupAsync<string>("stage", async group =>
                {
                    group.Cancel(await group.WaitForAsync<string>("why"));
                    return await group.WaitForAsync<string>("never");
                }, Checkpoint);
            }
            catch (GroupCancelledException cancelled)
            {
                seen = $"{cancelled.Cause.Reason} {string.Join(',', cancelled.Outcomes.Select(outcome => $"{outcome.Name}={outcome.Kind}"))}";
            }

            return $"{seen} {await workflow.WaitForAsync<string>("last")}";
        },
        "1 why=Succeeded 2",
        Signal("why", 1), Signal("last", 2));

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D11")]
    public void Chance_BesideAnOpenCheckpoint_IsTheSameAgain()
    {
        Guid[] drawn = [Chance.GuidOf("w", 0), Chance.GuidOf("w", 1)];
        RunAndCrashAfterEachTurn(
            async workflow =>
            {
                ChildTask stage = workflow.GroupAsync("stage", async group => await group.WaitForAsync<string>("end"), Checkpoint);
                Guid beside = workflow.NewGuid();
                await stage;
                await workflow.WaitForAsync<string>("last");
                return $"{beside} {workflow.NewGuid()}";
            },
            $"{drawn[0]} {drawn[1]}",
            Signal("end", 1), Signal("last", 2));
    }

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D11")]
    public void Code_OfACheckpointThatActsOutsideOfIt_IsRefused() => RunAndCrashAfterEachTurn(
        async workflow =>
        {
            List<string> seen = [];
            await workflow.GroupAsync("outer", async outer =>
            {
                string inside = await outer.GroupAsync("stage", async group =>
                {
                    List<string> refused = [];
                    await group.GroupAsync("inner", async inner =>
                    {
                        // Any way down into it, and after any wait.
                        await inner.Branch("branch", async context =>
                        {
                            await context.WaitForAsync<string>("go");
                            Try(refused, "delay", () => _ = workflow.DelayAsync(TimeSpan.Zero));
                            Try(refused, "step", () => _ = outer.Step("step", _ => Task.CompletedTask));
                            Try(refused, "group", () => _ = workflow.GroupAsync("other", _ => Task.CompletedTask));
                            Try(refused, "cancel", () => outer.Cancel());
                            Try(refused, "continue", () => workflow.ContinueWith("1"));
                            Try(refused, "guid", () => _ = workflow.NewGuid());
                        });
                    });
                    return string.Join(' ', refused);
                }, Checkpoint);
                seen.Add(inside);
            });
            return $"{string.Join(' ', seen)} {await workflow.WaitForAsync<string>("last")}";
        },
        "delay step group cancel continue guid 2",
        Signal("go", 1), Signal("last", 2));

    [Theory]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D11")]
    [InlineData(false)]
    [InlineData(true)]
    public void Value_CodeNowExpectsAnother_IsStuckUntilItIsMended(bool hadNone)
    {
        Func<WorkflowContext, Task<string>> old = hadNone
            ? async workflow =>
            {
                await workflow.GroupAsync("stage", _ => Task.CompletedTask, Checkpoint);
                return await workflow.WaitForAsync<string>("last");
            }
            : async workflow => await workflow.GroupAsync("stage", _ => Task.FromResult("text "), Checkpoint) + await workflow.WaitForAsync<string>("last");
        WorkflowRun first = NewRun(old);
        IReadOnlyList<JournalEntry> journal = Turn(first, new WorkflowStarted(Start));
        WorkflowRun changed = NewRun(async workflow => await workflow.GroupAsync("stage", _ => Task.FromResult(1), Checkpoint) + await workflow.WaitForAsync<string>("last"));
        Assert.Empty(changed.Replay(journal));
        Assert.IsType<NonDeterministicWorkflowException>(changed.Stuck);
        WorkflowRun mended = NewRun(old);
        Assert.Empty(mended.Replay(journal));
        Turn(mended, Signal("last", 1));
        Assert.Equal(hadNone ? "\"1\"" : "\"text 1\"", mended.State.Result?.Value);
    }

    private static void Try(List<string> refused, string what, Action act)
    {
        try
        {
            act();
        }
        catch (InvalidOperationException)
        {
            refused.Add(what);
        }
    }

    private static async Task DeepAsync(ChildTask<string> handle, int depth)
    {
        if (depth > 0) await DeepAsync(handle, depth - 1);
        else await handle;
    }

    private static SignalReceived Signal(string name, int second) => new(Start.AddSeconds(second), name, $"\"{second}\"", null);

    /// <summary>
    /// Runs the code once, and then again for each of its turns, with a crash after it: what is left of the journal has to come out as before.
    /// </summary>
    private static void RunAndCrashAfterEachTurn(Func<WorkflowContext, Task<string>> code, string expected, params JournalEvent[] events)
    {
        JournalEvent[] all = [new WorkflowStarted(Start), .. events];
        WorkflowRun first = NewRun(code);
        List<IReadOnlyList<JournalEntry>> turns = [.. all.Select(@event => Turn(first, @event))];
        Assert.Equal($"\"{expected}\"", first.State.Result?.Value);
        for (int crash = 1; crash <= all.Length; crash++)
        {
            WorkflowRun again = NewRun(code);
            Assert.Empty(again.Replay([.. turns.Take(crash).SelectMany(turn => turn)]));
            Assert.Null(again.Stuck?.Message);
            for (int i = crash; i < all.Length; i++) Assert.Equal(Text(turns[i]), Text(Turn(again, all[i])));
            Assert.Equal($"\"{expected}\"", again.State.Result?.Value);
        }
    }

    private static IReadOnlyList<JournalEntry> Turn(WorkflowRun run, JournalEvent @event)
    {
        IReadOnlyList<JournalEntry> entries = EntryCodec.Decode(EntryCodec.Encode(run.Turn(@event)));
        Assert.Null(run.Stuck?.Message);
        return entries;
    }

    private static WorkflowRun NewRun(Func<WorkflowContext, Task<string>> code) =>
        new(new("w"), async context => $"\"{await code(context)}\"", Payloads.Default, types: null);

    private static string Text(IReadOnlyList<JournalEntry> turn) =>
        string.Join('\n', turn.Select(entry => entry is JournalCommand command ? command.Describe() : entry.ToString()));
}
