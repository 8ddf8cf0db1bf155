using System.Runtime.ExceptionServices;
using Sheaf.Client.Connection;
using Sheaf.Client.Output;
using Sheaf.Samples.Agent;

namespace Sheaf.Client.Commands;

/// <summary>Runs one workflow to its end, or, after Ctrl+C, to the end of its cancellation, and says how it went.</summary>
internal sealed class WorkflowRun(ClusterConnection cluster, ClientSurroundings around)
{
    private IWorkflowClient Client => cluster.Workflows;

    /// <summary>Runs a workflow.</summary>
    /// <param name="workflow">What to run.</param>
    /// <param name="id">Its id; one that is there already is not started again.</param>
    /// <param name="input">Its input.</param>
    /// <param name="show">Shows its value.</param>
    /// <param name="showFailures">Shows that it failed as a whole, beside the failures' tree; null where the tree is enough.</param>
    /// <param name="interruption">Cancels it.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync<TIn, TOut>(
        IWorkflowRef<Workflow<TIn, TOut>> workflow,
        WorkflowId id,
        TIn input,
        Func<TOut, Task<int>> show,
        Func<ExceptionGroup, Task>? showFailures,
        CancellationToken interruption)
    {
        bool started = await new InterruptibleStart(Client, id, Interruption.Reason, around.Error, around.TimeProvider).RunAsync(workflow, input, interruption);
        await around.Error.WriteLineAsync(started ? $"Started workflow '{id}'." : $"Workflow '{id}' is there already; its end is waited for.");
        Exception? uncancelled = null;
        using var waiting = new CancellationTokenSource(Timeout.InfiniteTimeSpan, around.TimeProvider);
        Outcome<TOut> end = await TaskGroup.RunAsync(
            async group =>
            {
                // Isolated: what cannot be shown on the way is no reason to leave the workflow alone.
                ChildTask progress = group.Start("progress", token => new ProgressLines(around).ShowAsync(Client.WatchAsync(id, token)), new ChildOptions { Isolated = true });
                ChildTask<TOut> result = group.Start("result", _ => Client.ResultAsync<TOut>(id, waiting.Token), new ChildOptions { Isolated = true });
                await ((Task)result).WaitAsync(interruption).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                try
                {
                    if (!((Task)result).IsCompleted) await CancelAsync(id, waiting);
                }
                catch (Exception error)
                {
                    // Thrown from here it would be one of a group.
                    uncancelled = error;
                    await waiting.CancelAsync();
                }

                Outcome<TOut> outcome = await result.OutcomeAsync();
                group.Cancel("the workflow has ended");
                await progress.OutcomeAsync();
                return outcome;
            },
            new TaskGroupOptions { Name = "run", TimeProvider = around.TimeProvider },
            CancellationToken.None);

        if (uncancelled is not null) ExceptionDispatchInfo.Throw(uncancelled);
        if (end.Exception is WorkflowStuckException stuck) throw stuck;
        WorkflowDescription description = await Client.DescribeAsync(id, CancellationToken.None) ?? throw new KeyNotFoundException($"There is no workflow '{id}'.");
        await around.Output.WriteLineAsync($"workflow {id}");
        foreach (string line in RunText.Lines(description)) await around.Output.WriteLineAsync(line);
        if (end.IsSuccess) return await show(end.Value);
        if (end.Exception is ExceptionGroup failures)
        {
            await around.Output.WriteLineAsync(FailureText.Of(failures));
            if (showFailures is not null) await showFailures(failures);
            return interruption.IsCancellationRequested ? ClientProgram.Cancelled : ClientProgram.SomeFailed;
        }

        if (description.Status == WorkflowStatus.Running)
            await around.Error.WriteLineAsync($"Workflow '{id}' has not ended within {Interruption.Bound.TotalSeconds:0} s. It is cancelled, and goes on ending: see 'show {id}'.");
        return ClientProgram.Cancelled;
    }

    private async Task CancelAsync(WorkflowId id, CancellationTokenSource waiting)
    {
        await around.Error.WriteLineAsync($"Cancelling workflow '{id}'; Ctrl+C again leaves at once.");
        await Client.CancelAsync(id, Interruption.Reason, CancellationToken.None);
        await around.Error.WriteLineAsync("The cancellation is durable.");
        // From here on the waiting is bounded.
        waiting.CancelAfter(Interruption.Bound);
    }
}
