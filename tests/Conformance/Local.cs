namespace Sheaf.Conformance.Local;

public sealed class Groups : GroupConformance<LocalHost>;

public sealed class Failures : FailureConformance<LocalHost>;

public sealed class Cancellation : CancellationConformance<LocalHost>;

public sealed class Deadlines : DeadlineConformance<LocalHost>;

public sealed class Nesting : NestingConformance<LocalHost>;

public sealed class Policies : PolicyConformance<LocalHost>;

public sealed class Retries : RetryConformance<LocalHost>;

public sealed class Abandonment : AbandonConformance<LocalHost>;
