using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>Nested workflows of the embedded host: it runs them too.</summary>
internal sealed class EmbeddedNestedWorkflows(WorkflowOwner owner) : INestedWorkflows
{
    public async Task StartAsync(NestedWorkflow nested, CancellationToken cancellationToken)
    {
        await PersistAsync(nested, () => owner.StartAsync(nested.Workflow, nested.Id, nested.Input, nested.TraceParent, cancellationToken), cancellationToken).ConfigureAwait(false);
        await PersistAsync(nested, () => OwnAsync(nested, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public async Task<WorkflowEnd> EndAsync(NestedWorkflow nested, CancellationToken cancellationToken)
    {
        while (await PersistAsync(nested, () => OwnAsync(nested, cancellationToken), cancellationToken).ConfigureAwait(false) is { } actor)
        {
            Wait wait = new(owner.Host.Probe);
            actor.WhenOver(wait.OnOver);
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => wait.OnCancelled(cancellationToken), null);
            try
            {
                return await wait.Task.ConfigureAwait(false);
            }
            catch (OwnerLostException)
            {
                await actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return await PersistAsync(nested, () => owner.EndAsync(nested.Id, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>It was started, so it runs here or has ended. One that is stuck keeps the letter until it goes on.</summary>
    public void Cancel(NestedWorkflow nested, string? reason) => owner.Find(nested.Id)?.Post(new Letter(new AskCancel(reason, nested.Parent.Value)));

    private Task<T> PersistAsync<T>(NestedWorkflow nested, Func<Task<T>> ask, CancellationToken cancellationToken) =>
        owner.Host.PersistAsync(nested.Id, ask, error => error is OwnerLostException or KeyNotFoundException or InvalidOperationException, cancellationToken);

    /// <summary>
    /// Who owns the parent owns its children: a process that is gone, or has lost the parent and does not know it yet, may have started
    /// this one.
    /// </summary>
    /// <returns>The actor; null where the workflow has ended.</returns>
    private async Task<WorkflowActor?> OwnAsync(NestedWorkflow nested, CancellationToken cancellationToken)
    {
        if (await owner.FindOrOwnAsync(nested.Id, cancellationToken).ConfigureAwait(false) is { } actor) return actor;
        HostContext host = owner.Host;
        if (await host.Journal.FindAsync(nested.Id, cancellationToken).ConfigureAwait(false) is not { Status: WorkflowStatus.Running }) return null;
        WorkflowHeader? parent = await host.Journal.FindAsync(nested.Parent, cancellationToken).ConfigureAwait(false);
        if (parent?.Owner != host.OwnerName) throw new OwnerLostException($"Workflow '{nested.Parent}' has another owner now, and its child '{nested.Id}' with it.");
        return await host.Journal.ClaimAsync(nested.Id, host.OwnerName, cancellationToken).ConfigureAwait(false) is { } claimed
            ? await owner.OwnAsync(claimed, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>A wait that is no work: while it lasts, who looks on may take the host for idle.</summary>
    private sealed class Wait
    {
        private readonly TaskCompletionSource<WorkflowEnd> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IHostProbe? _probe;
        private int _isOver;

        public Wait(IHostProbe? probe)
        {
            _probe = probe;
            probe?.Leave();
        }

        public Task<WorkflowEnd> Task => _over.Task;

        public void OnOver(Task<WorkflowEnd> end)
        {
            if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
            _probe?.Enter();
            _over.SetFromTask(end);
        }

        public void OnCancelled(CancellationToken cancellationToken)
        {
            if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
            _probe?.Enter();
            _over.SetCanceled(cancellationToken);
        }
    }
}
