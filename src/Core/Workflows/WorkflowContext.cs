using Sheaf.Engine;

namespace Sheaf;

/// <summary>What a workflow's code, or one of its branches, may use.</summary>
/// <remarks>Belongs to the workflow's turns: a call from any other thread stops the workflow as stuck (rule D3).</remarks>
public sealed class WorkflowContext
{
    private readonly WorkflowRun _run;
    private readonly ScopeCode _scope;

    internal WorkflowContext(WorkflowRun run, ScopeCode scope)
    {
        _run = run;
        _scope = scope;
    }

    /// <summary>The run's input as JSON text, where the workflow has continued as new; null in the first run.</summary>
    internal string? ContinuedInput => _run.State.Input;

    internal Payloads Payloads => _run.Payloads;

    internal bool Continues => _run.Continues;

    internal void ContinueWith(string input, ExceptionGroup? otherwise = null) => _run.ContinueWith(input, otherwise);

    /// <summary>The workflow's id.</summary>
    public WorkflowId Id => _run.State.Id;

    /// <summary>The workflow's clock: the instant of the event that it handles now. The same on every replay.</summary>
    public DateTimeOffset UtcNow => _run.State.Now;

    /// <summary>Random numbers, the same on every replay; seeded by the workflow's id. Not for secrets.</summary>
    /// <exception cref="InvalidOperationException">This is inside a checkpoint (rule D11).</exception>
    public Random Random => _run.Random;

    /// <summary>Signalled, on a turn, when this workflow or branch is cancelled.</summary>
    public CancellationToken CancellationToken => _scope.Token;

    /// <summary>What cancelled this workflow or branch (rule C1); <see langword="null"/> while nothing has.</summary>
    public CancellationCause? Cause => _scope.State.Cause;

    /// <summary>A new id, the same on every replay. Not for secrets.</summary>
    /// <exception cref="InvalidOperationException">This is inside a checkpoint (rule D11).</exception>
    public Guid NewGuid() => _run.NextGuid();

    /// <summary>
    /// Whether to go the new way where the code has changed since workflows began that still run: <see langword="true"/> for those that
    /// come here for the first time, <see langword="false"/> for those that came here by the old code, on every replay (rule D3).
    /// </summary>
    /// <param name="change">The change's name, new with the change: <c>fraud-check</c>. The first answer for it is that of the whole workflow.</param>
    /// <remarks>
    /// <code>
    /// if (workflow.Changed("fraud-check")) await group.Start(Run.Worker&lt;FraudCheck&gt;(), order);
    /// </code>
    /// Once no workflow of the old code runs any more, the question and the old way can be deleted: the journals of those that went the
    /// new way fit it.
    /// </remarks>
    public bool Changed(string change) => _run.Changed(change);

    /// <summary>Opens a group and runs its body (rules R1 to R8). Its end is that of the returned handle.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="name">The group's name.</param>
    /// <param name="body">Starts children and makes the value of theirs.</param>
    /// <param name="options">How the group behaves; <see langword="null"/> for the defaults.</param>
    /// <returns>
    /// The handle; also a <see cref="Task{T}"/>. Awaiting it throws as <see cref="TaskGroup.RunAsync{T}(Func{TaskGroup, Task{T}}, TaskGroupOptions?, CancellationToken)"/>.
    /// </returns>
    /// <exception cref="OperationCanceledException">The workflow is cancelled: nothing was opened (rule R2).</exception>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of its range.</exception>
    public ChildTask<T> GroupAsync<T>(string name, Func<WorkflowGroup, Task<T>> body, WorkflowGroupOptions? options = null) =>
        WorkflowGroup.Open<T>(_run, _scope, name, body, options);

    /// <summary>Opens a group without a value and runs its body.</summary>
    /// <inheritdoc cref="GroupAsync{T}(string, Func{WorkflowGroup, Task{T}}, WorkflowGroupOptions?)"/>
    public ChildTask GroupAsync(string name, Func<WorkflowGroup, Task> body, WorkflowGroupOptions? options = null) =>
        WorkflowGroup.Open<Nothing>(_run, _scope, name, body, options);

    /// <summary>Waits, on the workflow's clock. Costs nothing while it waits, and goes on waiting after a resume: downtime counts.</summary>
    /// <param name="delay">How long: zero or more.</param>
    /// <returns>The handle of an isolated child. It is cancelled with this workflow or branch.</returns>
    /// <exception cref="OperationCanceledException">The workflow is cancelled: nothing was started (rule R2).</exception>
    public ChildTask DelayAsync(TimeSpan delay) => _run.StartDelay(_scope, "delay", delay, ChildOptions.IsolatedDefault);

    /// <summary>Waits for a signal (<see cref="IWorkflowClient.SignalAsync"/>). Signals of one name go to those who wait in order; one that nobody waits for is kept.</summary>
    /// <typeparam name="T">The type of the signal's value.</typeparam>
    /// <param name="signal">The signal's name. For a deadline, wait in a group that has one.</param>
    /// <returns>The handle of an isolated child with the signal's value. It is cancelled with this workflow or branch.</returns>
    /// <exception cref="OperationCanceledException">The workflow is cancelled: nothing was started (rule R2).</exception>
    public ChildTask<T> WaitForAsync<T>(string signal) => _run.StartSignal<T>(_scope, signal, ChildOptions.IsolatedDefault);

    /// <summary>Runs an effect beside the workflow and journals its outcome, as an isolated child.</summary>
    /// <inheritdoc cref="WorkflowGroup.Step{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask<T> Step<T>(string name, Func<CancellationToken, Task<T>> effect, RetryPolicy? retry = null) =>
        WorkflowGroup.StartStep<T>(_run, _scope, name, effect, new ChildOptions { Isolated = true, Retry = retry });

    /// <summary>Runs an effect without a value beside the workflow and journals its outcome, as an isolated child.</summary>
    /// <inheritdoc cref="WorkflowGroup.Step{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask Step(string name, Func<CancellationToken, Task> effect, RetryPolicy? retry = null) =>
        WorkflowGroup.StartStep<Nothing>(_run, _scope, name, effect, new ChildOptions { Isolated = true, Retry = retry });
}
