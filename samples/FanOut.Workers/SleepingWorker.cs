namespace Sheaf.Samples.FanOut.Workers;

/// <summary>Sleeps, then returns its part's number or fails.</summary>
[Worker(Name)]
public sealed class SleepingWorker(TimeProvider timeProvider) : FanOutWork
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(FanOutPart input, WorkerContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(input.Sleep, timeProvider, cancellationToken);
        if (input.Fails) throw new FaultyPartException(input.Number);
        return input.Number;
    }
}
