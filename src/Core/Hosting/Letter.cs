using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>An input on its way to its workflow.</summary>
/// <param name="Input">The input.</param>
/// <param name="Done">Told where the sender waits until it is durable; null where nobody does.</param>
internal sealed record Letter(Input Input, ILetterDone? Done = null)
{
    /// <summary>Of a timer, which of the workflow's runs it is of.</summary>
    public int Run { get; init; }
}

/// <summary>Who waits for a letter.</summary>
internal interface ILetterDone
{
    /// <summary>What came of it is journaled.</summary>
    /// <param name="hadEffect">Whether anything did.</param>
    void OnDone(bool hadEffect);

    /// <summary>Nothing came of it, and nothing will.</summary>
    void OnRefused(Exception reason);
}

/// <summary>A sender that waits for one letter.</summary>
internal sealed class LetterAnswer : ILetterDone
{
    private readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<bool> Task => _answer.Task;

    public void OnDone(bool hadEffect) => _answer.TrySetResult(hadEffect);

    public void OnRefused(Exception reason) => _answer.TrySetException(reason);
}

/// <summary>Somebody asks that a stuck workflow tries again.</summary>
internal sealed record AskRetry : Input;

/// <summary>The code got stuck between turns: nothing to apply, but the loop has to look.</summary>
internal sealed record StuckNoticed : Input;

/// <summary>The workflow may have rested for long enough: nothing to apply, but the loop has to look.</summary>
internal sealed record RestDue : Input;

/// <summary>The clock has jumped: nothing to apply, but timers run for what is left now.</summary>
internal sealed record ClockJumped : Input;

/// <summary>The workflow was claimed elsewhere: nothing to apply, but the loop has to look.</summary>
internal sealed record LossNoticed : Input;
