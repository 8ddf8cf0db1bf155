using Sheaf.Engine;

namespace Sheaf.Embedded;

/// <summary>An input on its way to its workflow.</summary>
/// <param name="Input">The input.</param>
/// <param name="Done">Set where the sender waits until it is durable; then told whether it had an effect.</param>
internal sealed record Letter(Input Input, TaskCompletionSource<bool>? Done = null);

/// <summary>Somebody asks that a stuck workflow tries again.</summary>
internal sealed record AskRetry : Input;

/// <summary>The code got stuck between turns: nothing to apply, but the loop has to look.</summary>
internal sealed record StuckNoticed : Input;
