namespace Sheaf.Samples.Agent.Tools;

/// <summary>Hears the heartbeats of the process that it lives in. Safe for use by several threads, and quick.</summary>
/// <remarks>
/// A listener is beside the worker. Where workers run in another process than the client, the client does not hear them.
/// </remarks>
public interface IHeartbeatListener
{
    /// <summary>A beat.</summary>
    void Beat(WorkflowId workflow);

    /// <summary>There will be no more: the heartbeat was cancelled, its process ends, or it has failed.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="cause">What cancelled it, or null where nothing did.</param>
    void Stopped(WorkflowId workflow, CancellationCause? cause);
}

/// <summary>Hears nothing.</summary>
public sealed class NoHeartbeatListener : IHeartbeatListener
{
    /// <inheritdoc/>
    public void Beat(WorkflowId workflow)
    {
    }

    /// <inheritdoc/>
    public void Stopped(WorkflowId workflow, CancellationCause? cause)
    {
    }
}
