using Sheaf.Engine;

namespace Sheaf;

/// <summary>The base of all workflows; derive from <see cref="Workflow{TIn, TOut}"/>.</summary>
public abstract class Workflow
{
    private protected Workflow()
    {
    }

    internal abstract Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow);
}

/// <summary>Durable code that opens groups and starts workers.</summary>
/// <typeparam name="TIn">The type of the input; it is journaled as JSON.</typeparam>
/// <typeparam name="TOut">The type of the value; it is journaled as JSON.</typeparam>
/// <remarks>
/// <para>
/// When its process is gone, a workflow resumes by running its code again from the top over its journal (rule D1). So the
/// code has to do the same again: take time, ids and random numbers from the context, await only handles of children and
/// tasks made of them, and put everything else into a worker or a step. <c>Task.Run</c>, <c>ConfigureAwait(false)</c> and
/// foreign awaits stop it as <see cref="WorkflowStatus.Stuck"/>, with the place (rule D3).
/// </para>
/// <para>One instance a run, with constructor injection from a scope of its own. One thread at a time.</para>
/// </remarks>
public abstract class Workflow<TIn, TOut> : Workflow
{
    /// <summary>The workflow's code.</summary>
    /// <param name="input">The input.</param>
    /// <param name="workflow">What durable code may use.</param>
    /// <returns>The value.</returns>
    public abstract Task<TOut> RunAsync(TIn input, WorkflowContext workflow);

    /// <summary>
    /// Ends this run of the workflow and begins the next one with another input, under the same id and with an empty journal: for
    /// workflows that go on for long, whose journal would grow with them. To be returned: <c>return await ContinueAsNewAsync(next, workflow);</c>
    /// </summary>
    /// <param name="input">The next run's input.</param>
    /// <param name="workflow">The context that the code was given.</param>
    /// <returns>What the code has to return; it stands for no value.</returns>
    /// <remarks>
    /// The run ends when the code has returned and all its children have ended (rule R1); a failure ends the workflow instead, and so does
    /// a cancellation. Signals that nobody has waited for go over to the next run, and so do the keys that make signals count once. Who waits
    /// for the workflow's result waits for that of its last run.
    /// </remarks>
    /// <exception cref="InvalidOperationException">It has been called in this run, or this is inside a checkpoint (rule D11).</exception>
    /// <exception cref="PayloadTooLargeException">The input is larger than allowed (rule D10).</exception>
    protected static Task<TOut> ContinueAsNewAsync(TIn input, WorkflowContext workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        workflow.ContinueWith(workflow.Payloads.Write(input, "input of workflow", workflow.Id.Value) ?? "null");
        return Task.FromResult<TOut>(default!);
    }

    internal override async Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow)
    {
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        TOut value = await RunAsync(payloads.Read<TIn>(input)!, workflow);
#pragma warning restore CA2007, MA0004
        // What stands for no value need not be one that JSON can be made of.
        return workflow.Continues ? null : payloads.Write(value, "value of workflow", workflow.Id.Value);
    }
}
