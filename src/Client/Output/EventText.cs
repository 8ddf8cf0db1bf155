using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Output;

/// <summary>An event in a line.</summary>
internal static class EventText
{
    public static string Line(WorkflowEvent happened)
    {
        string[] parts =
        [
            $"{happened.At:HH:mm:ss.fff}",
            happened.Kind.ToString(),
            happened.PathText,
            happened.Outcome?.ToString() ?? "",
            happened.Worker ?? "",
            happened.Silo is { } silo ? $"on {silo}" : "",
            happened.Attempt > 1 ? $"attempt {happened.Attempt}" : "",
            happened.Cause is { } cause ? $"({cause})" : "",
            happened.Failure is { } failure ? failure.ToString() : "",
        ];
        return Printable.Line(string.Join("  ", parts.Where(part => part.Length > 0)));
    }
}
