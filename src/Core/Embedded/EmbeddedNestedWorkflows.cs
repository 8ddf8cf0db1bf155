using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>Nested workflows of the embedded host: it runs them too.</summary>
internal sealed class EmbeddedNestedWorkflows(WorkflowOwner owner) : INestedWorkflows
{
    public async Task<WorkflowEnd> RunAsync(NestedWorkflow nested, Action onStarted, CancellationToken cancellationToken)
    {
        WorkflowHeader header = await owner.HeaderAsync(nested.Workflow, nested.Id, nested.Input, () => PersistAsync(nested, () => owner.Host.Journal.FindAsync(nested.Id, cancellationToken), cancellationToken)).ConfigureAwait(false);
        (CreateResult result, WorkflowActor started) = await PersistAsync(nested, () => owner.CreateAsync(header, nested.Begin, cancellationToken), cancellationToken).ConfigureAwait(false);
        WorkflowOwner.ThrowIfAnother(result.Header, header);
        // One that was created here may have ended and be forgotten by now: its actor knows how.
        WorkflowActor? actor = result.Created ? started : await OwnAsync(nested, cancellationToken).ConfigureAwait(false);
        bool isTold = false;
        while (actor is not null)
        {
            using WorkflowActor.Hold? held = actor.TryHold();
            if (held is null)
            {
                await actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
                actor = await OwnAsync(nested, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // Held from here on, so that a cancellation finds it.
            if (!isTold) onStarted();
            isTold = true;
            Wait wait = new(owner.Host.Probe);
            actor.WhenOver(wait.OnOver);
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => wait.OnCancelled(cancellationToken), null);
            wait.Begin();
            try
            {
                return await wait.Task.ConfigureAwait(false);
            }
            catch (OwnerLostException)
            {
                await actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            actor = await OwnAsync(nested, cancellationToken).ConfigureAwait(false);
        }

        if (!isTold) onStarted();
        return await PersistAsync(nested, () => owner.EndAsync(nested.Id, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>It was started, so it runs here or has ended. One that is stuck keeps the letter until it goes on.</summary>
    public void Cancel(NestedWorkflow nested, string? reason) => owner.Find(nested.Id)?.Post(new Letter(new AskCancel(reason, nested.Parent.Value)));

    private Task<T> PersistAsync<T>(NestedWorkflow nested, Func<Task<T>> ask, CancellationToken cancellationToken) =>
        owner.Host.PersistAsync(nested.Id, ask, error => error is OwnerLostException or KeyNotFoundException, cancellationToken);

    private Task<WorkflowActor?> OwnAsync(NestedWorkflow nested, CancellationToken cancellationToken) =>
        PersistAsync(nested, () => TryOwnAsync(nested, cancellationToken), cancellationToken);

    /// <summary>
    /// Who owns the parent owns its children: a process that is gone, or has lost the parent and does not know it yet, may have started
    /// this one.
    /// </summary>
    /// <returns>The actor; null where the workflow has ended.</returns>
    private async Task<WorkflowActor?> TryOwnAsync(NestedWorkflow nested, CancellationToken cancellationToken)
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

    /// <summary>A wait that is no work: from its beginning to its end who looks on may take the host for idle.</summary>
    private sealed class Wait(IHostProbe? probe)
    {
        private const int Waiting = 1;
        private const int Over = 2;

        private readonly TaskCompletionSource<WorkflowEnd> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // 0 before it begins, then Waiting, then Over, once; or Over at once.
        private int _state;

        public Task<WorkflowEnd> Task => _over.Task;

        /// <summary>Everybody knows whom to tell of the end. Before that it is work: else the host might be driven past the end meanwhile.</summary>
        public void Begin()
        {
            if (Interlocked.CompareExchange(ref _state, Waiting, 0) == 0) probe?.Leave();
        }

        public void OnOver(Task<WorkflowEnd> end)
        {
            if (TryEnd()) _over.SetFromTask(end);
        }

        public void OnCancelled(CancellationToken cancellationToken)
        {
            if (TryEnd()) _over.SetCanceled(cancellationToken);
        }

        private bool TryEnd()
        {
            int before = Interlocked.Exchange(ref _state, Over);
            if (before == Waiting) probe?.Enter();
            return before != Over;
        }
    }
}
