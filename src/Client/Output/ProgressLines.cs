namespace Sheaf.Client.Output;

/// <summary>Says on standard error, every two seconds at most, how many children have ended.</summary>
internal sealed class ProgressLines(ClientSurroundings around)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>Shows events until there are no more.</summary>
    public async Task ShowAsync(IAsyncEnumerable<WorkflowEvent> events)
    {
        int started = 0;
        int ended = 0;
        int failed = 0;
        long said = around.TimeProvider.GetTimestamp();
        await foreach (WorkflowEvent happened in events)
        {
            if (happened.Kind == WorkflowEventKind.ChildStarted && happened.Worker is not null) started++;
            if (happened.Kind == WorkflowEventKind.ChildEnded && happened.Worker is not null)
            {
                ended++;
                if (happened.Outcome is OutcomeKind.Failed or OutcomeKind.Abandoned) failed++;
            }

            if (happened.Kind == WorkflowEventKind.DeliveryLost)
                await around.Error.WriteLineAsync($"{happened.PathText}: its delivery was lost; it is delivered again.");
            if (around.TimeProvider.GetElapsedTime(said) < Every) continue;
            said = around.TimeProvider.GetTimestamp();
            await around.Error.WriteLineAsync($"{ended} of {started} children have ended, {failed} failed");
        }
    }
}
