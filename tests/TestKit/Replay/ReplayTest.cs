using Microsoft.Extensions.DependencyInjection;
using Sheaf.Embedded;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>Replays recorded workflows against the code of today, without running workers or steps.</summary>
public static class ReplayTest
{
    /// <summary>Runs a workflow's code over its recorded journal, and compares (rule D1).</summary>
    /// <param name="recorded">The journal. One whose workflow has not ended is replayed as far as it goes, and of one that was terminated what its code did before.</param>
    /// <param name="configure">Adds the workflow and the services that it is made with; workers are not needed.</param>
    /// <returns>What was found. Code that differs is in the report, and not thrown.</returns>
    public static async Task<ReplayReport> RunAsync(RecordedWorkflow recorded, Func<SheafBuilder, SheafBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(configure);
        ServiceCollection services = new();
        services.AddSingleton<TimeProvider>(new TestClock(recorded.Header.CreatedAt));
        // The host gives its services only: it is never started.
        services.AddSheaf(configure).UseEmbedded(new MemoryJournal());
        ServiceProvider provider = services.BuildServiceProvider();
        await using (provider.ConfigureAwait(false))
        {
            HostContext host = provider.GetRequiredService<EmbeddedHost>().Context;
            WorkflowCode code = new(host, recorded.Header);
            await using (code.ConfigureAwait(false))
            {
                WorkflowRun run = new(recorded.Header.Id, code.RunAsync, host.Payloads, host.Options.FailureTypes, host.Services);
                // From its termination on no code ran.
                IReadOnlyList<JournalEntry> beyond = run.Replay([.. recorded.Entries.TakeWhile(entry => entry is not WorkflowTerminated)]);
                return new ReplayReport
                {
                    Difference = run.Stuck?.Message ?? Beyond(recorded, beyond),
                    Description = Descriptions.Of(recorded.Header, recorded.Entries, stuckReason: null),
                    Value = run.State.Result?.Value,
                };
            }
        }
    }

    /// <summary>A host would take it for code that was stuck there and has been mended; here nothing was.</summary>
    private static string? Beyond(RecordedWorkflow recorded, IReadOnlyList<JournalEntry> beyond) => beyond.Count == 0
        ? null
        : $"Workflow '{recorded.Header.Id}' goes beyond its journal, which ends at entry {recorded.Count}. The code now does this too: {string.Join("; ", beyond.OfType<JournalCommand>().Select(command => command.Describe()))}.";
}
