namespace Sheaf;

/// <summary>What a worker's context asks of the delivery that it belongs to.</summary>
internal interface IWorkerCall
{
    WorkflowId Workflow { get; }

    /// <summary>The child's name.</summary>
    string Child { get; }

    /// <summary>The worker's registered name.</summary>
    string Worker { get; }

    int Delivery { get; }

    /// <summary>The key of its effects: the same for every attempt and delivery of the child, and for no other child.</summary>
    string Key { get; }

    /// <summary>When the time of the child's groups is up; null for never.</summary>
    DateTimeOffset? Deadline { get; }

    /// <summary>Why the delivery was signalled; null while it was not.</summary>
    CancellationCause? Cause { get; }

    Engine.Payloads Payloads { get; }

    /// <summary>Says that the child is ready; the value is JSON.</summary>
    Task ReadyAsync(string? json);

    /// <summary>Starts a sibling; the input is JSON.</summary>
    Task SpawnAsync(string name, string worker, string json);
}
