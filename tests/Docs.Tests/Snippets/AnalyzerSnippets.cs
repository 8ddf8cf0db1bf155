using Sheaf.Testing;

namespace Sheaf.Docs.Tests.Snippets;

#region deterministic
[Workflow("invoice/v1")]
public sealed class Invoice : Workflow<decimal, string>
{
    public override async Task<string> RunAsync(decimal amount, WorkflowContext workflow)
    {
        Guid number = workflow.NewGuid();                                  // not Guid.NewGuid()
        DateTimeOffset due = workflow.UtcNow.AddDays(14);                  // not DateTimeOffset.UtcNow
        await workflow.DelayAsync(TimeSpan.FromDays(14));                  // not Task.Delay
        return await workflow.Step("remind", ct => SendAsync(number, due, amount, ct));
    }

    // Given to Step, it runs beside the workflow: nothing is asked of it.
    private static async Task<string> SendAsync(Guid number, DateTimeOffset due, decimal amount, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        return $"{amount} was due on {due:yyyy-MM-dd}, number {number}";
    }
}
#endregion

/// <summary>The examples of docs/analyzers.md, run.</summary>
public sealed class AnalyzerSnippets
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Joined()
    {
        List<string> done = [];
        #region joined
        await using TaskGroup group = TaskGroup.Open(cancellationToken: cancellationToken);
        _ = group.Start("index", ct => IndexAsync(ct));
        _ = group.Start("notify", ct => NotifyAsync(ct));
        await group.JoinAsync();   // waits, and throws what failed
        #endregion
        Assert.Equal(["index", "notify"], done);

        Task IndexAsync(CancellationToken _) => Add("index");

        Task NotifyAsync(CancellationToken _) => Add("notify");

        Task Add(string what)
        {
            done.Add(what);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Suppressed()
    {
        bool stopped = false;
        {
            #region unjoined
            #pragma warning disable SHEAF001 // It is to be cancelled when this block is left, and cannot fail.
            await using TaskGroup background = TaskGroup.Open();
            #pragma warning restore SHEAF001
            _ = background.Start("heartbeat", ct => BeatAsync(ct));
            #endregion
        }

        Assert.True(stopped);

        async Task BeatAsync(CancellationToken ct)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopped = true;
        }
    }

    [Fact]
    public async Task Deterministic()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(sheaf => sheaf.AddWorkflow<Invoice>());
        string due = $"{host.Clock.GetUtcNow().AddDays(14):yyyy-MM-dd}";
        Assert.StartsWith($"7 was due on {due}", await host.RunAsync(Run.Workflow<Invoice>(), "invoice-7", 7m), StringComparison.Ordinal);
    }
}
