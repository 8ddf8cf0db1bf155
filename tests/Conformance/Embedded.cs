namespace Sheaf.Conformance.Embedded;

public sealed class Groups : GroupConformance<EmbeddedHost>;

public sealed class Failures : FailureConformance<EmbeddedHost>;

public sealed class Cancellation : CancellationConformance<EmbeddedHost>;

public sealed class Deadlines : DeadlineConformance<EmbeddedHost>;

public sealed class Nesting : NestingConformance<EmbeddedHost>;

public sealed class Policies : PolicyConformance<EmbeddedHost>;

public sealed class Retries : RetryConformance<EmbeddedHost>;
