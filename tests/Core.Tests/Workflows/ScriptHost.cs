using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>An embedded host whose workflow and worker are delegates of the test, looked up by their input.</summary>
internal sealed class ScriptHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ScriptHost(ScriptTable scripts, IJournal? journal = null, SheafOptions? options = null, TimeProvider? time = null, SlowService? service = null)
    {
        ServiceCollection services = new();
        services.AddSingleton(scripts);
        if (time is not null) services.AddSingleton(time);
        services.AddScoped(_ => new ScriptServices(scripts, service));
        services
            .AddSheaf(s => s.AddWorkflow<ScriptedWorkflow>().AddWorker<ScriptedWorker>().UseOptions(options ?? new SheafOptions()))
            .UseEmbedded(journal ?? new MemoryJournal());
        _services = services.BuildServiceProvider();
    }

    public IWorkflowClient Client => _services.GetRequiredService<IWorkflowClient>();

    public Embedded.EmbeddedHost Host => _services.GetRequiredService<Embedded.EmbeddedHost>();

    public Task<string> RunAsync(string id, string script, CancellationToken token = default) => Client.RunAsync(Run.Workflow<ScriptedWorkflow>(), id, script, token);

    public Task<bool> StartAsync(string id, string script) => Client.StartAsync(Run.Workflow<ScriptedWorkflow>(), id, script);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>A scope's services: they end with the workflow's stay in memory.</summary>
internal sealed class ScriptServices(ScriptTable scripts, SlowService? service) : IAsyncDisposable
{
    public ScriptTable Scripts => scripts;

    public ValueTask DisposeAsync() => service?.DisposeAsync() ?? ValueTask.CompletedTask;
}

internal sealed class ScriptTable
{
    public Dictionary<string, Func<WorkflowContext, Task<string>>> Workflows { get; } = [];

    public Dictionary<string, Func<WorkerContext, CancellationToken, Task<string>>> Workers { get; } = [];
}

[Workflow("scripted/v1")]
internal sealed class ScriptedWorkflow(ScriptServices services) : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => services.Scripts.Workflows[input](workflow);
}

[Worker("scripted/v1")]
internal sealed class ScriptedWorker(ScriptTable scripts) : Worker<string, string>
{
    public override Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => scripts.Workers[input](context, cancellationToken);
}

/// <summary>A journal in memory whose calls a test can hold back or fail.</summary>
internal sealed class HookedJournal : IJournal
{
    public MemoryJournal Inner { get; } = new();

    /// <summary>Runs before an append; what it throws, the append throws.</summary>
    public Func<IReadOnlyList<JournalCommit>, Task> BeforeAppend { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after an append; what it throws, the append throws, and is written all the same.</summary>
    public Func<IReadOnlyList<JournalCommit>, Task> AfterAppend { get; set; } = _ => Task.CompletedTask;

    public Action BeforeRead { get; set; } = () => { };

    /// <summary>What a reading waits for before its first commit; null for nothing.</summary>
    public Func<Task>? WhileReading { get; set; }

    /// <summary>What a reader is given instead of a commit's body; null for the body itself.</summary>
    public Func<string, string>? Mangle { get; set; }

    public Action BeforeClaims { get; set; } = () => { };

    /// <summary>Runs after claims of what is abandoned; what it throws, they throw, and are written all the same.</summary>
    public Action AfterClaims { get; set; } = () => { };

    public Action BeforeFind { get; set; } = () => { };

    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) => Inner.ClaimAsync(workflow, owner, cancellationToken);

    public async Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default)
    {
        BeforeClaims();
        IReadOnlyList<WorkflowHeader> claimed = await Inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);
        AfterClaims();
        return claimed;
    }

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => Inner.ReleaseAsync(owner, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => Inner.PurgeAsync(endedBefore, limit, cancellationToken);

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        await BeforeAppend(commits);
        IReadOnlyList<AppendResult> results = await Inner.AppendAsync(commits, cancellationToken);
        await AfterAppend(commits);
        return results;
    }

    public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default)
    {
        BeforeRead();
        if (WhileReading is { } wait) return HeldAsync(Inner.ReadAsync(workflow, fromSequence, cancellationToken), wait);
        return Mangle is { } mangle ? MangledAsync(Inner.ReadAsync(workflow, fromSequence, cancellationToken), mangle) : Inner.ReadAsync(workflow, fromSequence, cancellationToken);
    }

    private static async IAsyncEnumerable<JournalCommit> HeldAsync(IAsyncEnumerable<JournalCommit> commits, Func<Task> wait)
    {
        await wait();
        await foreach (JournalCommit commit in commits) yield return commit;
    }

    private static async IAsyncEnumerable<JournalCommit> MangledAsync(IAsyncEnumerable<JournalCommit> commits, Func<string, string> mangle)
    {
        await foreach (JournalCommit commit in commits)
        {
            byte[] body = System.Text.Encoding.UTF8.GetBytes(mangle(System.Text.Encoding.UTF8.GetString(commit.Body.Span)));
            yield return new JournalCommit(commit.Workflow, commit.Epoch, commit.FirstSequence, commit.Count, body);
        }
    }

    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => Inner.TrimAsync(workflow, beforeSequence, cancellationToken);

    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default)
    {
        BeforeFind();
        return Inner.FindAsync(workflow, cancellationToken);
    }

    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) =>
        Inner.ListAsync(status, cancellationToken);
}
