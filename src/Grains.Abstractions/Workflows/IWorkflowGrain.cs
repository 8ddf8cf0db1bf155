using Orleans;
using Orleans.Concurrency;

namespace Sheaf.Grains;

/// <summary>The address of a workflow in the cluster; its key is the workflow's id.</summary>
/// <remarks>
/// All calls interleave: none waits for the workflow. Calls that wait for something return after the time given at the latest
/// with nothing, and are made again: a caller outside the cluster would otherwise wait its whole timeout for a dead silo.
/// </remarks>
[Alias("sheaf.IWorkflowGrain")]
internal interface IWorkflowGrain : IGrainWithStringKey
{
    /// <summary>Starts the workflow, unless it is there.</summary>
    /// <returns>Whether this call started it.</returns>
    [Alias("start")]
    Task<bool> StartAsync(StartWorkflow start);

    /// <summary>Starts the workflow, unless it is there, and waits for its end.</summary>
    /// <returns>How it ended; null where the time was not enough.</returns>
    [Alias("run")]
    [ResponseTimeout("00:00:20")]
    Task<EndedWorkflow?> RunAsync(StartWorkflow start, TimeSpan wait);

    /// <summary>Waits for the workflow's end.</summary>
    /// <returns>How it ended; null where the time was not enough.</returns>
    [Alias("end")]
    [ResponseTimeout("00:00:20")]
    Task<EndedWorkflow?> EndAsync(TimeSpan wait);

    /// <summary>Reads more of the value of a workflow that has ended, from a character on.</summary>
    [Alias("value")]
    [ResponseTimeout("00:00:20")]
    Task<string> ReadValueAsync(int from);

    /// <summary>Asks for cancellation.</summary>
    /// <returns>Whether the workflow is cancelled; false where it has ended or is not there.</returns>
    [Alias("cancel")]
    Task<bool> CancelAsync(string? reason, string? by);

    /// <summary>Ends the workflow without its code.</summary>
    /// <returns>Whether the workflow is terminated; false where it has ended or is not there.</returns>
    [Alias("terminate")]
    Task<bool> TerminateAsync(string? reason, string? by);

    /// <summary>Sends a signal.</summary>
    /// <returns>Whether it is durable; false where the workflow has ended or is not there.</returns>
    [Alias("signal")]
    Task<bool> SignalAsync(string name, string? json, string key);

    /// <summary>Lets a stuck workflow try again.</summary>
    /// <returns>Whether it was stuck.</returns>
    [Alias("retry")]
    Task<bool> RetryAsync();

    /// <summary>Where the workflow stands, as JSON; null where there is none.</summary>
    /// <exception cref="DescriptionTooLargeException">No message can carry it: <see cref="DescribeInPagesAsync"/> can.</exception>
    [Alias("describe")]
    Task<string?> DescribeAsync();

    /// <summary>The same text in pages, each of which goes into a message; none where there is no such workflow. To be asked for one at a time.</summary>
    [Alias("describe-in-pages")]
    IAsyncEnumerable<string> DescribeInPagesAsync();

    /// <summary>Reads the journal from an entry on, and waits for one where there is none yet.</summary>
    [Alias("read")]
    [ResponseTimeout("00:00:20")]
    Task<JournalPage> ReadAsync(long fromSequence, TimeSpan wait);

    /// <summary>Takes the workflow up, if it has not ended: its owner is gone.</summary>
    [Alias("resume")]
    Task ResumeAsync();
}

/// <summary>Lists workflows, and deletes them; any key, one a call.</summary>
[Alias("sheaf.IWorkflowListGrain")]
internal interface IWorkflowListGrain : IGrainWithGuidKey
{
    [Alias("list")]
    IAsyncEnumerable<ListedWorkflow> ListAsync(WorkflowStatus? status);

    /// <summary>Children that run somewhere in the cluster though nobody waits for them any more (C5): there should be none.</summary>
    [Alias("audit")]
    Task<IReadOnlyList<RunningChild>> AuditAsync(bool orphansOnly);

    /// <summary>Deletes a page of workflows that have ended.</summary>
    /// <returns>How many it deleted; fewer than the limit where there are no more.</returns>
    [Alias("purge")]
    [ResponseTimeout("00:01:00")]
    Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit);

    /// <summary>How many bytes a message to a silo may have: one that has more never arrives, and its sender may not be told why.</summary>
    [Alias("max-message")]
    [ResponseTimeout("00:00:05")]
    Task<int> GetMaxMessageBytesAsync();
}
