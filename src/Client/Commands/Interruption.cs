using Sheaf.Samples.Agent;

namespace Sheaf.Client.Commands;

/// <summary>What Ctrl+C means for a workflow.</summary>
internal static class Interruption
{
    /// <summary>How long the end of a cancelled workflow is waited for.</summary>
    public static readonly TimeSpan Bound = InterruptibleStart.Bound;

    /// <summary>The reason that the workflow keeps.</summary>
    public static string Reason => $"Ctrl+C at the client on {Environment.MachineName}";
}
