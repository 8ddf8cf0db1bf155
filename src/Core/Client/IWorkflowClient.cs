namespace Sheaf;

/// <summary>Starts, awaits, cancels and shows workflows: one interface for every host.</summary>
/// <remarks>
/// Thread-safe. A token given to a method ends the call; only that of <see cref="RunAsync"/> cancels the workflow.
/// </remarks>
public interface IWorkflowClient
{
    /// <summary>Starts a workflow, and returns when its start is durable. Idempotent by id: a second start of the same does nothing.</summary>
    /// <typeparam name="TIn">The type of its input.</typeparam>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="workflow">What to run: <c>Run.Workflow&lt;AnswerQuestion&gt;()</c>.</param>
    /// <param name="id">Its id, chosen by the caller. Two endings are for names that workflows make themselves: <c>~</c> and a number, and <c>/</c> and two or three numbers with dots between them.</param>
    /// <param name="input">Its input.</param>
    /// <param name="cancellationToken">Gives up the call. The workflow may have been started all the same.</param>
    /// <returns>Whether this call started it; <see langword="false"/> if it was there already.</returns>
    /// <exception cref="ArgumentException">The id ends like the name of a later run (<c>order-42~1</c>) or of a nested workflow (<c>order-42/1.0</c>), which would share it, and its idempotency keys.</exception>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input, or no such workflow is registered.</exception>
    /// <exception cref="PayloadTooLargeException">The input is over the limit.</exception>
    Task<bool> StartAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default);

    /// <summary>Starts a workflow, if need be, and returns its value.</summary>
    /// <typeparam name="TIn">The type of its input.</typeparam>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="workflow">What to run.</param>
    /// <param name="id">Its id, as for <see cref="StartAsync"/>.</param>
    /// <param name="input">Its input.</param>
    /// <param name="cancellationToken">Cancels the workflow; the call then waits for its end.</param>
    /// <exception cref="ExceptionGroup">The workflow failed: all its failures.</exception>
    /// <exception cref="OperationCanceledException">The workflow was cancelled, by this call's token or by somebody else.</exception>
    /// <exception cref="WorkflowStuckException">Its code cannot go on. It has not ended.</exception>
    /// <exception cref="ArgumentException">As for <see cref="StartAsync"/>.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="StartAsync"/>.</exception>
    Task<TOut> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default);

    /// <summary>Waits for a workflow's value.</summary>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the waiting only: the workflow goes on.</param>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    /// <exception cref="ExceptionGroup">The workflow failed: all its failures.</exception>
    /// <exception cref="OperationCanceledException">The workflow was cancelled, or the token was signalled.</exception>
    /// <exception cref="WorkflowStuckException">Its code cannot go on. It has not ended.</exception>
    Task<TOut> ResultAsync<TOut>(WorkflowId id, CancellationToken cancellationToken = default);

    /// <summary>Asks for a workflow's cancellation, and returns when the request is durable. Idempotent; the first one's reason counts.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    /// <returns>Whether it was there and had not ended.</returns>
    /// <exception cref="WorkflowStuckException">Its code cannot go on: nothing was done. Mend it, retry, then cancel; or <see cref="TerminateAsync">terminate</see> it.</exception>
    Task<bool> CancelAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ends a workflow without its code: one that is stuck and will not be mended, or that goes on in spite of its cancellation. Returns
    /// when that is durable. Idempotent; the first one's reason counts.
    /// </summary>
    /// <remarks>
    /// <para>The code runs no further, also what cleans up: no <c>finally</c>, no group under a shield. What it has running is cancelled, and
    /// the workflow ends after it (rule R1): workers and steps have what is left of their grace period, and 30 s at the most; nested
    /// workflows are cancelled, and end by their own code: one that is stuck is terminated under its own id. Then the workflow has failed
    /// with <see cref="WorkflowTerminatedException"/>.</para>
    /// <para>Prefer <see cref="CancelAsync"/> where the code can still run.</para>
    /// </remarks>
    /// <param name="id">The workflow.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    /// <returns>Whether the workflow is terminated, by this call or an earlier one; <see langword="false"/> where there is none, or it has ended otherwise.</returns>
    /// <exception cref="WorkflowStuckException">Its journal cannot be read, so that nobody knows what is to be ended: nothing was done.</exception>
    Task<bool> TerminateAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Sends a signal to a workflow that waits for it, or will (<see cref="WorkflowContext.WaitForAsync{T}(string)"/>), and returns when it is durable.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="id">The workflow.</param>
    /// <param name="signal">The signal's name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="key">Makes the call idempotent: a second signal to the workflow with the same key does nothing.</param>
    /// <param name="cancellationToken">Gives up the call. The signal may have been sent all the same.</param>
    /// <returns>Whether the workflow was there and had not ended.</returns>
    /// <exception cref="PayloadTooLargeException">The value is over the limit.</exception>
    /// <exception cref="WorkflowStuckException">The workflow's code cannot go on: the signal was not taken. Send it again when the code is mended.</exception>
    Task<bool> SignalAsync<T>(WorkflowId id, string signal, T value, string? key = null, CancellationToken cancellationToken = default);

    /// <summary>Where a workflow stands, with all its children.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    /// <returns>The description; <see langword="null"/> where there is no such workflow.</returns>
    /// <exception cref="WorkflowStuckException">Its journal cannot be read, since a newer version wrote it: the message says which entry.</exception>
    Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default);

    /// <summary>What happens in a workflow, from its beginning to its end, as it becomes durable.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Ends the watching only.</param>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    /// <exception cref="WorkflowStuckException">Its code cannot go on: nothing more will happen until it is mended.</exception>
    IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, CancellationToken cancellationToken = default);

    /// <summary>Lists workflows, oldest first.</summary>
    /// <param name="status">Only those that stand so; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default);

    /// <summary>Reads the outcomes of a map over pages (rule R15), page by page, as far as pages have ended: also while the map goes on.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="map">The map's workflow: <see cref="PagedMapSummary.Workflow"/>, or the <see cref="ChildDescription.WorkflowId"/> of the map's child in the description of the workflow that started it.</param>
    /// <param name="firstPage">The page to begin with, from 0: who remembers how far they came reads on from there.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The pages in their order. It holds one of them at a time.</returns>
    /// <exception cref="KeyNotFoundException">There is no such workflow, or the page has been purged; the message says which.</exception>
    /// <exception cref="InvalidOperationException">The workflow is no map over pages, or a value is not of the type.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The first page is negative.</exception>
    IAsyncEnumerable<MapPageOutcomes<T>> ReadMapAsync<T>(WorkflowId map, int firstPage = 0, CancellationToken cancellationToken = default);

    /// <summary>Lets a stuck workflow try again, after its code or its surroundings were mended (rule D3).</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    /// <returns>Whether it was stuck.</returns>
    Task<bool> RetryAsync(WorkflowId id, CancellationToken cancellationToken = default);
}
