using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>Moves stack traces from one exception to another as text.</summary>
internal static class StackText
{
    // What the runtime writes after a stack that was set; taken from it rather than spelled out, as it is the runtime's own text.
    private static readonly string Marker =
        ExceptionDispatchInfo.SetRemoteStackTrace(new InvalidOperationException(), "x").StackTrace![1..];

    /// <summary>Without the runtime's closing marker, which would otherwise be repeated at every hop between processes.</summary>
    internal static string? Trim(string? stack)
    {
        while (stack is not null && stack.EndsWith(Marker, StringComparison.Ordinal)) stack = stack[..^Marker.Length];
        return string.IsNullOrEmpty(stack) ? null : stack;
    }

    /// <summary>Gives <paramref name="to"/>, which was never thrown, the stack of <paramref name="from"/>.</summary>
    internal static void Carry(Exception from, Exception to)
    {
        if (SafeText.StackTrace(from) is { } stack && SafeText.StackTrace(to) is null) ExceptionDispatchInfo.SetRemoteStackTrace(to, stack);
    }
}
