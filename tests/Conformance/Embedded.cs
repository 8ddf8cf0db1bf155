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

public sealed class Abandonment : AbandonConformance<EmbeddedHost>;

public sealed class Nested : NestedConformance<EmbeddedHost>;

public sealed class Continuing : ContinueConformance<EmbeddedHost>;

public sealed class Waiting : WaitingConformance<EmbeddedHost>;

public sealed class Checkpoints : CheckpointConformance<EmbeddedHost>;
