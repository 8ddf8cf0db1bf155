using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;
using Sheaf.Samples.Agent.Output;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent;

/// <summary>The agent's host in this process.</summary>
internal static class EmbeddedAgent
{
    /// <summary>The services of a host that runs the agent.</summary>
    /// <param name="index">What the search tool searches.</param>
    /// <param name="progress">Is told of heartbeats.</param>
    /// <param name="journal">The file of the workflow's journal; null to keep it in memory.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <exception cref="UsageException">When the host is asked for: the journal cannot be used.</exception>
    public static ServiceProvider Build(DocumentIndex index, AnswerProgress progress, string? journal, TimeProvider timeProvider)
    {
        SheafBuilder sheaf = new ServiceCollection()
            .AddSingleton(timeProvider)
            .AddSingleton(index)
            .AddSingleton<IHeartbeatListener>(new ShownHeartbeats(progress))
            .AddSheaf(sheaf => sheaf.AddAgent());
        return (journal is null ? sheaf.UseEmbedded() : sheaf.UseEmbedded(_ => Open(journal))).BuildServiceProvider();
    }

    private static SqliteJournal Open(string journal)
    {
        try
        {
            return SqliteJournal.OpenForOneHost(new SqliteConnectionStringBuilder { DataSource = journal }.ToString());
        }
        catch (Exception unreadable) when (unreadable is SqliteException or IOException or InvalidOperationException or ArgumentException)
        {
            throw new UsageException($"The journal '{journal}' cannot be used: {UsageException.TextOf(unreadable)}", unreadable);
        }
    }

    private sealed class ShownHeartbeats(AnswerProgress progress) : IHeartbeatListener
    {
        public void Beat(WorkflowId workflow) => progress.Heartbeat();

        // The event of the heartbeat's end shows the same, with its duration.
        public void Stopped(WorkflowId workflow, CancellationCause? cause)
        {
        }
    }
}
