namespace Sheaf.Samples.Agent.Tools;

/// <summary>
/// Says every so often that the tools are being worked on, until it is cancelled: a child without an end of its own, as a connection
/// that is kept open or a lock that is renewed would be. The input is the time between beats.
/// </summary>
[Worker("heartbeat/v1")]
public sealed class HeartbeatTool(IHeartbeatListener listener, TimeProvider timeProvider) : Worker<TimeSpan, int>
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(TimeSpan input, WorkerContext context, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // Begun before the beat is told of: whoever hears it may count on the next one being on its way.
                Task next = Task.Delay(input, timeProvider, cancellationToken);
                listener.Beat(context.WorkflowId);
                await next;
            }
        }
        finally
        {
            listener.Stopped(context.WorkflowId, context.CancellationCause);
        }
    }
}
