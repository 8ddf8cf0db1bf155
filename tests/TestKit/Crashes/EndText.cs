using System.Text;
using Sheaf.Engine;

namespace Sheaf.Testing;

/// <summary>How a workflow ended, as text that is the same for the same end: no stacks, no times, siblings in no order.</summary>
internal static class EndText
{
    public static string Of(WorkflowState state)
    {
        if (state.Result is not { } result) return "has not ended";
        return result.Kind switch
        {
            OutcomeKind.Succeeded => $"Succeeded: {result.Value ?? "no value"}",
            OutcomeKind.Cancelled => $"Cancelled: {state.Root.Cause?.Kind} {state.Root.Cause?.Reason}",
            _ => $"{result.Kind}:{(result.Failure is { } failure ? Tree(failure, "\n  ") : "")}",
        };
    }

    private static string Tree(Failure failure, string indent)
    {
        StringBuilder text = new(indent);
        text.Append(string.Join(" and ", failure.Origins.Select(origin => origin.ToString()).Order(StringComparer.Ordinal))).Append(failure.Origins.Count > 0 ? ": " : "");
        text.Append(failure.TypeName).Append(": ").Append(failure.Message);
        if (failure.OmittedCount > 0) text.Append(" (").Append(failure.OmittedCount).Append(" omitted)");
        if (failure.IsGroup && failure.Cause is { } cause) text.Append(" [").Append(cause.Kind).Append(' ').Append(cause.Reason).Append(']');
        // Which of two siblings fails first may depend on which of them was lost; that both did may not.
        foreach (string inner in failure.Inner.Select(inner => Tree(inner, indent + "  ")).Order(StringComparer.Ordinal)) text.Append(inner);
        return text.ToString();
    }
}
