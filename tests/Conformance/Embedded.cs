using Sheaf.Journal;

namespace Sheaf.Conformance.Embedded;

public sealed class Groups : GroupConformance<EmbeddedHost>;

public sealed class Failures : FailureConformance<EmbeddedHost>;

public sealed class Cancellation : CancellationConformance<EmbeddedHost>;

public sealed class Deadlines : DeadlineConformance<EmbeddedHost>;

public sealed class Nesting : NestingConformance<EmbeddedHost>;

public sealed class Policies : PolicyConformance<EmbeddedHost>;

public sealed class Retries : RetryConformance<EmbeddedHost>;

public sealed class Replay : ReplayConformance<EmbeddedHost>;

public sealed class Code : CodeConformance<EmbeddedHost>;

public sealed class Journaling : JournalConformance<EmbeddedHost>;

public sealed class Client : ClientConformance<EmbeddedHost>;

public sealed class Payloads : PayloadConformance<EmbeddedHost>;

public sealed class Fencing : FencingConformance<EmbeddedHost>;

public sealed class LostOwner : LostOwnerConformance<EmbeddedHost>;

public sealed class Maps : MapConformance<EmbeddedHost>;

public sealed class PagedMaps : PagedMapConformance<EmbeddedHost>;

public sealed class Ready : ReadyConformance<EmbeddedHost>;

public sealed class Abandonment : AbandonConformance<EmbeddedHost>;

public sealed class Nested : NestedConformance<EmbeddedHost>;

public sealed class Termination : TerminateConformance<EmbeddedHost>;

public sealed class Continuing : ContinueConformance<EmbeddedHost>;

public sealed class Waiting : WaitingConformance<EmbeddedHost>
{
    // A cluster takes over what an owner has that is no silo of it, and is right.
    [Fact]
    [Trait("Rule", "D5")]
    [Trait("Rule", "D7")]
    public async Task Wake_OfOneThatWasClaimedMeanwhile_WritesNothing()
    {
        HostProcess process = await StartAsync(configure: AddWaiting);
        await LeaveAsync(process, WaitingWorkflow.Delay);
        WorkflowHeader claimed = (await Journal.ClaimAsync(Stage.Id, "another"))!;
        Host.Time.Advance(Month);
        await StopAsync(process);
        Assert.Equal(claimed, await Journal.FindAsync(Stage.Id));
        Assert.Equal(0, Stage.CountOf("woke:started"));
    }
}

public sealed class Checkpoints : CheckpointConformance<EmbeddedHost>;
