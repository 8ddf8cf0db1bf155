using Sheaf.Engine;

namespace Sheaf;

/// <summary>
/// A durable task group: the scope that owns workers, steps, branches and nested groups, and ends after all of them, on
/// whatever machine they run.
/// </summary>
/// <remarks>
/// <para>
/// It takes no bare delegates, as <see cref="TaskGroup"/> does: what they write to captured variables would vanish on
/// resume. A handle never completes inside the call that starts its child.
/// </para>
/// <para>Belongs to the workflow's turns: a call from any other thread stops the workflow as stuck (rule D3).</para>
/// </remarks>
public sealed class WorkflowGroup
{
    private readonly WorkflowRun _run;
    private readonly ScopeCode _scope;
    private readonly RetryPolicy? _retry;

    private WorkflowGroup(WorkflowRun run, ScopeCode scope, RetryPolicy? retry)
    {
        _run = run;
        _scope = scope;
        _retry = retry;
    }

    /// <summary>Signalled, on a turn, when the group is cancelled, whatever the cause.</summary>
    public CancellationToken CancellationToken => _scope.Token;

    /// <summary>What cancelled the group (rule C1); <see langword="null"/> while nothing has.</summary>
    public CancellationCause? Cause => _scope.State.Cause;

    /// <summary>How each child that has ended did so, in the order of starting (rule R10).</summary>
    public IReadOnlyList<Outcome> Outcomes => _run.OutcomesOf(_scope);

    /// <summary>
    /// How the children end, each as it does (rule R13): first those that have ended already, in the order in which they did. That is
    /// the order of the journal, the same on every replay. The stream ends when every child that was started has been seen; one that
    /// is started meanwhile is waited for too.
    /// </summary>
    /// <remarks>
    /// Reading an outcome counts as awaiting the child (rule R16), and never throws for what the child did. Each reading begins with the
    /// first. Read it without <c>ConfigureAwait(false)</c>. The group's cancellation ends the children, and the stream with
    /// them. A branch of the group that reads to the end waits for itself.
    /// </remarks>
    public IAsyncEnumerable<Outcome> Completions => _run.CompletionsOf(_scope);

    /// <summary>Starts a worker, under its registered name.</summary>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, TIn, ChildOptions?)"/>
    public ChildTask<TOut> Start<TIn, TOut>(IWorkerRef<Worker<TIn, TOut>> worker, TIn input, ChildOptions? options = null) =>
        Start((worker ?? throw new ArgumentNullException(nameof(worker))).Name, worker, input, options);

    /// <summary>Starts a worker.</summary>
    /// <typeparam name="TIn">The type of the input.</typeparam>
    /// <typeparam name="TOut">The type of the value.</typeparam>
    /// <param name="name">The child's name. Several children may share one; the ordinal tells them apart.</param>
    /// <param name="worker">What it runs: <c>Run.Worker&lt;SearchTool&gt;()</c>.</param>
    /// <param name="input">Its input. One that cannot be made JSON of, or is too large, is the child's failure (rule D10).</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults.</param>
    /// <returns>The handle. The worker is delivered once the start is journaled (rule D4).</returns>
    /// <exception cref="OperationCanceledException">The group is cancelled: nothing was started (rule R2).</exception>
    /// <exception cref="InvalidOperationException">The group has ended: nothing was started (rule R2).</exception>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of its range.</exception>
    public ChildTask<TOut> Start<TIn, TOut>(string name, IWorkerRef<Worker<TIn, TOut>> worker, TIn input, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return _run.StartWorker<TOut>(_scope, name, worker.Name, () => _run.Payloads.Write(input, "input of child", name), WithRetry(options));
    }

    /// <summary>Starts a worker that goes on after its start, under its registered name.</summary>
    /// <inheritdoc cref="StartAsync{TIn, TReady, TOut}(string, IWorkerRef{ReadyWorker{TIn, TReady, TOut}}, TIn, ChildOptions?)"/>
    public ChildStart<TReady, TOut> StartAsync<TIn, TReady, TOut>(IWorkerRef<ReadyWorker<TIn, TReady, TOut>> worker, TIn input, ChildOptions? options = null) =>
        StartAsync((worker ?? throw new ArgumentNullException(nameof(worker))).Name, worker, input, options);

    /// <summary>
    /// Starts a worker that goes on after its start, such as a sandbox: awaiting what this returns waits until the worker says
    /// <see cref="ReadyWorkerContext{TReady}.ReadyAsync"/>, and gives the value (rule R14).
    /// </summary>
    /// <typeparam name="TIn">The type of the input.</typeparam>
    /// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
    /// <typeparam name="TOut">The type of the value that it ends with.</typeparam>
    /// <param name="name">The child's name. Several children may share one; the ordinal tells them apart.</param>
    /// <param name="worker">What it runs: <c>Run.Worker&lt;Sandbox&gt;()</c>.</param>
    /// <param name="input">Its input. One that cannot be made JSON of, or is too large, is the child's failure (rule D10).</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults.</param>
    /// <returns>The start, with the handle of the child. The worker is delivered once the start is journaled (rule D4).</returns>
    /// <remarks>
    /// <para>
    /// A failure before the child is ready is thrown to whoever awaits the start and cancels nobody; it counts in the group only if nobody
    /// awaits. A worker that returns without being ready has failed with <see cref="InvalidOperationException"/>, unless its token was
    /// signalled: then it was cancelled. A failure afterwards is that of any child.
    /// </para>
    /// <para>
    /// Until it is ready the child is delivered again when its worker is lost, and tried again as its retry policy says; the first word that it is
    /// ready counts. Then neither: a ready child whose worker is lost has failed with <see cref="WorkerLostException"/>, also where its host
    /// stopped in order. <see cref="RetryPolicy.AttemptTimeout"/> bounds the whole attempt, ready or not. The group's end waits for the child: cancel the
    /// group when it is needed no longer.
    /// </para>
    /// </remarks>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, TIn, ChildOptions?)" path="/exception"/>
    public ChildStart<TReady, TOut> StartAsync<TIn, TReady, TOut>(string name, IWorkerRef<ReadyWorker<TIn, TReady, TOut>> worker, TIn input, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return _run.StartReady<TReady, TOut>(_scope, name, worker.Name, () => _run.Payloads.Write(input, "input of child", name), WithRetry(options));
    }

    /// <summary>Starts a workflow of its own, under its registered name.</summary>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkflowRef{Workflow{TIn, TOut}}, TIn, ChildOptions?)"/>
    public ChildTask<TOut> Start<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, ChildOptions? options = null) =>
        Start((workflow ?? throw new ArgumentNullException(nameof(workflow))).Name, workflow, input, options);

    /// <summary>Starts a workflow of its own as a child of this group: with its own journal, on whichever silo it has its place.</summary>
    /// <typeparam name="TIn">The type of the input.</typeparam>
    /// <typeparam name="TOut">The type of the value.</typeparam>
    /// <param name="name">The child's name. Several children may share one; the ordinal tells them apart.</param>
    /// <param name="workflow">What it runs: <c>Run.Workflow&lt;ShipOrder&gt;()</c>.</param>
    /// <param name="input">Its input. One that cannot be made JSON of, or is too large, is the child's failure (rule D10).</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults. Each attempt of a retry is another workflow.</param>
    /// <returns>The handle. The workflow is started once the start is journaled (rule D4).</returns>
    /// <remarks>
    /// <para>Its id is made of this workflow's and the child's place, such as <c>order-42/1.0</c>, so that it is started only once; under it, it
    /// can be described, watched and signalled. Its failures are this child's, with their structure.</para>
    /// <para>It is cancelled with the group, which waits for its end however long that takes: a workflow is never abandoned (rule R9). While it is
    /// stuck, its parent waits for it to be mended. Do not purge workflows whose parents still run.</para>
    /// </remarks>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, TIn, ChildOptions?)" path="/exception"/>
    public ChildTask<TOut> Start<TIn, TOut>(string name, IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        return _run.StartWorkflow<TOut>(_scope, name, workflow.Name, () => _run.Payloads.Write(input, "input of child", name), WithRetry(options));
    }

    /// <summary>Runs a worker for each input (rule R15), in a nested group whose children take several inputs each: thousands cost little more than a few.</summary>
    /// <inheritdoc cref="MapAsync{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, IReadOnlyList{TIn}, WorkflowMapOptions?)"/>
    public ChildTask<IReadOnlyList<TOut>> MapAsync<TIn, TOut>(IWorkerRef<Worker<TIn, TOut>> worker, IReadOnlyList<TIn> inputs, WorkflowMapOptions? options = null) =>
        MapAsync((worker ?? throw new ArgumentNullException(nameof(worker))).Name, worker, inputs, options);

    /// <summary>Runs a worker for each input (rule R15), in a nested group whose children take several inputs each: thousands cost little more than a few.</summary>
    /// <typeparam name="TIn">The type of the inputs.</typeparam>
    /// <typeparam name="TOut">The type of the values.</typeparam>
    /// <param name="name">The map's name.</param>
    /// <param name="worker">What runs for each input, with an instance of its own.</param>
    /// <param name="inputs">The inputs. One that cannot be made JSON of, or is too large, fails alone (rule D10).</param>
    /// <param name="options">How the map behaves; <see langword="null"/> for the defaults.</param>
    /// <returns>The handle, with the values in the order of the inputs. Awaiting it throws one group of all failures, each with the place of its input.</returns>
    /// <remarks>
    /// The inputs of one child are delivered together, and their outcomes are durable together, when all of them have ended: if
    /// their silo is lost, they run again (rule D2). More than 10,000 inputs become workflows of 10,000 each, over the silos (rule D11). The idempotency key tells inputs apart; the fencing token rises with each delivery.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The group is cancelled: nothing was started (rule R2).</exception>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of its range.</exception>
    public ChildTask<IReadOnlyList<TOut>> MapAsync<TIn, TOut>(string name, IWorkerRef<Worker<TIn, TOut>> worker, IReadOnlyList<TIn> inputs, WorkflowMapOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(inputs);
        WorkflowMapOptions chosen = options ?? new WorkflowMapOptions();
        chosen.Validate();
        int size = chosen.SizeFor(inputs.Count);
        return Open<IReadOnlyList<TOut>>(_run, _scope, name, group => WorkflowMap.RunAsync<TIn, TOut>(group._run, group._scope, name, worker.Name, inputs, size, chosen), WorkflowMap.IsSharded(inputs.Count) ? chosen.ToShardedOptions() : chosen.ToGroupOptions(size));
    }

    /// <summary>Runs a worker for each item of a source that is read page by page, under the worker's registered name.</summary>
    /// <inheritdoc cref="MapPagesAsync{TSource, TItem, TOut}(string, IWorkerRef{Worker{MapPageRequest{TSource}, MapPage{TItem}}}, TSource, IWorkerRef{Worker{TItem, TOut}}, WorkflowMapOptions?)"/>
    public ChildTask<PagedMapSummary> MapPagesAsync<TSource, TItem, TOut>(IWorkerRef<Worker<MapPageRequest<TSource>, MapPage<TItem>>> pages, TSource source, IWorkerRef<Worker<TItem, TOut>> worker, WorkflowMapOptions? options = null) =>
        MapPagesAsync((worker ?? throw new ArgumentNullException(nameof(worker))).Name, pages, source, worker, options);

    /// <summary>Runs a worker for each item of a source that is read page by page (rule R15): one of any size, or without an end.</summary>
    /// <typeparam name="TSource">The type of what the items are read from.</typeparam>
    /// <typeparam name="TItem">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the values.</typeparam>
    /// <param name="name">The map's name.</param>
    /// <param name="pages">Reads a page of the source, from the cursor that the page before it ended with. A reading that a crash repeats gets the same cursor.</param>
    /// <param name="source">What the items are read from.</param>
    /// <param name="worker">What runs for each item, with an instance of its own.</param>
    /// <param name="options">
    /// How the map behaves; <see langword="null"/> for the defaults. All policies are allowed, the window is within a page, and the retry
    /// policy is that of the readings too.
    /// </param>
    /// <returns>
    /// The handle, with the counters. Awaiting it throws one group of all failures, unless the policy is <see cref="GroupPolicy.Settle"/>:
    /// then they are with the counters. A reading that fails ends the map under every policy.
    /// </returns>
    /// <remarks>
    /// <para>The map is a workflow of its own, and so is each page. While one page runs, the next is read; neither memory nor the journals of
    /// this workflow and the map grow with the source. A page's outcomes stay in its own journal, to be read with
    /// <see cref="IWorkflowClient.ReadMapAsync"/> until it is purged.</para>
    /// <para>As in a map of a list, the items of one child are delivered together, and their outcomes are durable together.</para>
    /// </remarks>
    /// <inheritdoc cref="MapAsync{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, IReadOnlyList{TIn}, WorkflowMapOptions?)" path="/exception"/>
    public ChildTask<PagedMapSummary> MapPagesAsync<TSource, TItem, TOut>(string name, IWorkerRef<Worker<MapPageRequest<TSource>, MapPage<TItem>>> pages, TSource source, IWorkerRef<Worker<TItem, TOut>> worker, WorkflowMapOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pages);
        ArgumentNullException.ThrowIfNull(worker);
        WorkflowMapOptions chosen = options ?? new WorkflowMapOptions();
        chosen.Validate(maySettle: true);
        return Open<PagedMapSummary>(_run, _scope, name, group => PagedMap.RunAsync(group._run, group._scope, PagedMapSettings.From(name, pages.Name, Write(), worker.Name, chosen)), new() { Deadline = chosen.Deadline, MaxFailures = chosen.MaxFailures });

        // What cannot be written is the map's failure (D10).
        string Write() => _run.Payloads.Write(source, "source of map", name) ?? "null";
    }

    /// <summary>Runs an effect beside the workflow, off its turn, and journals its outcome.</summary>
    /// <typeparam name="T">The type of the value; it is journaled as JSON.</typeparam>
    /// <param name="name">The step's name.</param>
    /// <param name="effect">The effect. It happens at least once: a crash before its outcome is journaled runs it again.</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults. Its retry policy may have a predicate.</param>
    /// <returns>The handle.</returns>
    /// <remarks>What the delegate writes to captured variables is gone after a resume: return it instead.</remarks>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, TIn, ChildOptions?)" path="/exception"/>
    public ChildTask<T> Step<T>(string name, Func<CancellationToken, Task<T>> effect, ChildOptions? options = null) =>
        StartStep<T>(_run, _scope, name, effect, WithRetry(options));

    /// <summary>Runs an effect without a value.</summary>
    /// <inheritdoc cref="Step{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)"/>
    public ChildTask Step(string name, Func<CancellationToken, Task> effect, ChildOptions? options = null) =>
        StartStep<Nothing>(_run, _scope, name, effect, WithRetry(options));

    /// <summary>Waits, on the workflow's clock, as a child of this group: it is cancelled with it.</summary>
    /// <inheritdoc cref="WorkflowContext.DelayAsync"/>
    public ChildTask DelayAsync(TimeSpan delay) => _run.StartDelay(_scope, "delay", delay, ChildOptions.IsolatedDefault);

    /// <summary>Waits for a signal, as a child of this group: it is cancelled with it.</summary>
    /// <inheritdoc cref="WorkflowContext.WaitForAsync{T}(string)"/>
    public ChildTask<T> WaitForAsync<T>(string signal) => _run.StartSignal<T>(_scope, signal, ChildOptions.IsolatedDefault);

    /// <summary>
    /// Starts workflow code as a child: it runs on the workflow's turns, side by side with its siblings, again on resume, and
    /// may start children.
    /// </summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="name">The branch's name.</param>
    /// <param name="body">The code, with a context whose groups are inside the branch.</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults. A branch is not retried.</param>
    /// <returns>The handle.</returns>
    /// <inheritdoc cref="Start{TIn, TOut}(string, IWorkerRef{Worker{TIn, TOut}}, TIn, ChildOptions?)" path="/exception"/>
    public ChildTask<T> Branch<T>(string name, Func<WorkflowContext, Task<T>> body, ChildOptions? options = null) =>
        StartBranch<T>(name, body, options);

    /// <summary>Starts workflow code without a value as a child.</summary>
    /// <inheritdoc cref="Branch{T}(string, Func{WorkflowContext, Task{T}}, ChildOptions?)"/>
    public ChildTask Branch(string name, Func<WorkflowContext, Task> body, ChildOptions? options = null) =>
        StartBranch<Nothing>(name, body, options);

    /// <summary>Opens a group inside this one (rule R8), as an isolated child.</summary>
    /// <inheritdoc cref="WorkflowContext.GroupAsync{T}(string, Func{WorkflowGroup, Task{T}}, WorkflowGroupOptions?)"/>
    public ChildTask<T> GroupAsync<T>(string name, Func<WorkflowGroup, Task<T>> body, WorkflowGroupOptions? options = null) =>
        Open<T>(_run, _scope, name, body, options);

    /// <summary>Opens a group without a value inside this one (rule R8), as an isolated child.</summary>
    /// <inheritdoc cref="WorkflowContext.GroupAsync{T}(string, Func{WorkflowGroup, Task{T}}, WorkflowGroupOptions?)"/>
    public ChildTask GroupAsync(string name, Func<WorkflowGroup, Task> body, WorkflowGroupOptions? options = null) =>
        Open<Nothing>(_run, _scope, name, body, options);

    /// <summary>Cancels the group's children and interrupts its body (rule R6). Only the first cancellation of a group has an effect.</summary>
    /// <param name="reason">Why, for people.</param>
    public void Cancel(string? reason = null) => _run.Cancel(_scope, reason);

    internal Task<string> RunShardAsync(MapShardInput shard) => MapShard.RunAsync(_run, _scope, shard);

    internal Task<PagedMapRun> RunPagesAsync(PagedMapRun work) => PagedMap.RunAsync(_run, _scope, work);

    internal Task<PagedMapTally> RunPageAsync(PagedMapSettings settings, IReadOnlyList<string> items, int size) => PagedMapPage.RunAsync(_run, _scope, settings, items, size);

    /// <summary>The services of the host that runs the workflow; null where there is no host.</summary>
    internal IServiceProvider? Services => _run.Services;

    /// <summary>The exception types that the host makes again from failures; null for the framework's only.</summary>
    internal FailureTypes? FailureTypes => _run.Types;

    internal static ChildTask<T> Open<T>(WorkflowRun run, ScopeCode parent, string name, Func<WorkflowGroup, Task> body, WorkflowGroupOptions? options)
    {
        ArgumentNullException.ThrowIfNull(body);
        options ??= new WorkflowGroupOptions();
        options.Validate();
        return run.StartCode<T>(parent, ChildKind.Group, name, options.ToSettings(), ChildOptions.IsolatedDefault, scope => body(new WorkflowGroup(run, scope, options.Retry)));
    }

    internal static ChildTask<T> StartStep<T>(WorkflowRun run, ScopeCode scope, string name, Func<CancellationToken, Task> effect, ChildOptions? options)
    {
        ArgumentNullException.ThrowIfNull(effect);
        StepWork work = new(effect, task => run.Payloads.Write(LocalChild<T>.ValueOf(task), "value of step", name), options?.Retry?.When);
        return run.StartStep<T>(scope, name, work, options);
    }

    private ChildTask<T> StartBranch<T>(string name, Func<WorkflowContext, Task> body, ChildOptions? options)
    {
        ArgumentNullException.ThrowIfNull(body);
        return _run.StartCode<T>(_scope, ChildKind.Branch, name, settings: null, options, scope => body(new WorkflowContext(_run, scope)));
    }

    private ChildOptions? WithRetry(ChildOptions? options) =>
        _retry is null || options?.Retry is not null ? options : (options ?? new()) with { Retry = _retry };
}
