namespace Sheaf;

/// <summary>What a worker's context asks of the delivery that it belongs to.</summary>
internal interface IWorkerCall
{
    /// <summary>Why the delivery was signalled; null while it was not.</summary>
    CancellationCause? Cause { get; }

    Engine.Payloads Payloads { get; }

    /// <summary>Starts a sibling; the input is JSON.</summary>
    Task SpawnAsync(string name, string worker, string json);
}
