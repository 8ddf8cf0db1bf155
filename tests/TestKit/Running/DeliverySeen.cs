namespace Sheaf.Testing;

/// <summary>One delivery that was handed out: an effect that may have happened.</summary>
/// <param name="IdempotencyKey">The key that its worker is given (<see cref="WorkerContext.IdempotencyKey"/>); steps have one too, though they are not told.</param>
/// <param name="Child">The child's name.</param>
/// <param name="Worker">The worker's registered name; <see langword="null"/> for a step.</param>
/// <param name="Input">Its input as JSON text; <see langword="null"/> for a step.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="FencingToken">The delivery, from 1, over all attempts.</param>
public sealed record DeliverySeen(string IdempotencyKey, string Child, string? Worker, string? Input, int Attempt, long FencingToken);
