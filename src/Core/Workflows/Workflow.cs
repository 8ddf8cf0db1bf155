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

    internal override async Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow)
    {
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        TOut value = await RunAsync(payloads.Read<TIn>(input)!, workflow);
#pragma warning restore CA2007, MA0004
        return payloads.Write(value, "value of workflow", workflow.Id.Value);
    }
}
