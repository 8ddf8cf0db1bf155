using System.Text;
using Sheaf.Engine;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Callbacks on a workflow's tokens are workflow code: what they do is journaled after what signalled them, never inside it.</summary>
public sealed class TokenCallbackTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<string> _seen = [];
    private readonly List<JournalEntry> _journal = [];

    [Fact]
    [Trait("Rule", "D11")]
    public void Callback_StartsChildInGroupThatIsCancelledToo_IsRefused()
    {
        WorkflowRun run = Run(workflow => workflow.GroupAsync<string>("outer", async outer =>
        {
            await outer.GroupAsync("inner", async inner =>
            {
                outer.CancellationToken.Register(() => Try(() => _ = inner.DelayAsync(TimeSpan.FromHours(1))));
                await inner.WaitForAsync<string>("never");
            });
            return "";
        }));
        Turn(run, new CancelRequested(Start, "enough", null));
        Assert.Equal(["refused"], _seen);
        Assert.Equal(OutcomeKind.Cancelled, run.State.Result!.Kind);
    }

    [Fact]
    [Trait("Rule", "D11")]
    public void Callback_GroupCancelsItself_SeesTheTransitionWhole()
    {
        WorkflowRun run = Run(async workflow =>
        {
            ChildTask third = workflow.GroupAsync("third", async third =>
            {
                ChildTask second = workflow.GroupAsync("second", async second =>
                {
                    second.CancellationToken.Register(() =>
                    {
                        _seen.Add("second");
                        _ = third.Branch("from a callback", _ => Task.FromResult("ran"));
                    });
                    await second.WaitForAsync<string>("never");
                });
                ChildTask first = workflow.GroupAsync("first", async first =>
                {
                    first.CancellationToken.Register(() =>
                    {
                        _seen.Add("first");
                        Try(() => _ = first.WaitForAsync<string>("never"));
                    });
                    first.CancellationToken.Register(() => _seen.Add($"last registered is first, wait has ended: {first.Outcomes.Count}"));
                    _ = first.WaitForAsync<string>("never");
                    await first.WaitForAsync<string>("go");
                    first.Cancel("gone");
                    _seen.Add($"token: {first.CancellationToken.IsCancellationRequested}");
                    await first.WaitForAsync<string>("never");
                });
                await first.OutcomeAsync();
                await second.OutcomeAsync();
                await third.WaitForAsync<string>("end");
            });
            await third;
            return "done";
        });
        Turn(run, new SignalReceived(Start, "go", null, null));
        Assert.Equal(["last registered is first, wait has ended: 2", "first", "refused", "token: True"], _seen);
        Turn(run, new CancelRequested(Start, null, null));
        Assert.Equal("second", _seen[4]);
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "R3")]
    public void Callback_SiblingFailed_StartsAndCancelsElsewhere()
    {
        WorkflowRun run = Run(async workflow =>
        {
            ChildTask other = workflow.GroupAsync("other", async other =>
            {
                ChildTask failing = workflow.GroupAsync("failing", async failing =>
                {
                    failing.CancellationToken.Register(() =>
                    {
                        _ = other.DelayAsync(TimeSpan.FromSeconds(5));
                        other.Cancel("by callback");
                        Try(() => _ = other.DelayAsync(TimeSpan.FromSeconds(5)));
                    });
                    _ = failing.WaitForAsync<string>("never");
                    await failing.Branch("bad", async context =>
                    {
                        await context.WaitForAsync<string>("go");
                        throw new FormatException("bad");
                    });
                });
                await failing.OutcomeAsync();
            });
            await other.OutcomeAsync();
            return "done";
        });
        Turn(run, new SignalReceived(Start, "go", null, null));
        Assert.Equal(["refused"], _seen);
        Assert.Equal("\"done\"", run.State.Result!.Value);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public void Start_SignalsATokenWhoseCallbackEndsTheChild_DoesNotCompleteTheHandleAtOnce()
    {
        // A group with no time at all is cancelled as it opens.
        WorkflowRun run = Run(async workflow =>
        {
            ChildTask? group = null;
            group = workflow.GroupAsync("none", _ => Task.CompletedTask, new() { MoveOnAfter = TimeSpan.Zero });
            _seen.Add($"at once: {group.HasEnded}");
            await group.OutcomeAsync();
            return "done";
        });
        Assert.Equal(["at once: False"], _seen);
        Assert.Equal("\"done\"", run.State.Result!.Value);
    }

    private WorkflowRun Run(Func<WorkflowContext, Task<string>> code)
    {
        _code = async context => $"\"{await code(context)}\"";
        WorkflowRun run = new(new("w"), _code, Payloads.Default, types: null);
        Turn(run, new WorkflowStarted(Start));
        return run;
    }

    private Func<WorkflowContext, Task<string?>>? _code;

    /// <summary>Runs a turn, and compares: the fold without code, and the code run again, come to the same state.</summary>
    private void Turn(WorkflowRun run, JournalEvent @event)
    {
        _journal.AddRange(EntryCodec.Decode(EntryCodec.Encode(run.Turn(@event))));
        Assert.Null(run.Stuck);
        string expected = Text(run.State);
        WorkflowState folded = new(new("w"));
        NoEffects nothing = new();
        foreach (JournalEntry entry in _journal) Transitions.Apply(folded, entry, nothing);
        Assert.Equal(expected, Text(folded));

        string[] seen = [.. _seen];
        _seen.Clear();
        WorkflowRun again = new(new("w"), _code!, Payloads.Default, types: null);
        Assert.Empty(again.Replay(_journal));
        Assert.Null(again.Stuck);
        Assert.Equal(expected, Text(again.State));
        Assert.Equal(seen, _seen);
    }

    private void Try(Action start)
    {
        try
        {
            start();
            _seen.Add("started");
        }
        catch (OperationCanceledException)
        {
            _seen.Add("refused");
        }
    }

    private static string Text(WorkflowState state)
    {
        StringBuilder text = new();
        foreach (ScopeState scope in state.Scopes)
        {
            text.AppendLine($"{scope.Id} {scope.Name} {scope.Source} {scope.Cause} {scope.Result?.Kind} open {scope.OpenChildren}");
            foreach (ChildState child in scope.Children) text.AppendLine($"  {child.Id} {child.Start.Name} {child.Status} {child.Result?.Kind} {child.Inner?.Id}");
        }

        return text.ToString();
    }
}
