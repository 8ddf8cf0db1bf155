using Sheaf.Conformance;

[assembly: AssemblyFixture(typeof(Sheaf.Cluster.Tests.Conformance.SharedCluster))]

namespace Sheaf.Cluster.Tests.Conformance;

// One after another: they share a cluster, and with it a clock.
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Shared
{
    public const string Name = "shared cluster";
}

[Collection(Shared.Name)]
public sealed class Groups : GroupConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Failures : FailureConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Cancellation : CancellationConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Deadlines : DeadlineConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Nesting : NestingConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Policies : PolicyConformance<ThreeSiloHost>;

[Collection(Shared.Name)]
public sealed class Retries : RetryConformance<ThreeSiloHost>;

public sealed class Replay : ReplayConformance<OneSiloHost>;

public sealed class Code : CodeConformance<OneSiloHost>;

public sealed class Journaling : JournalConformance<OneSiloHost>;

public sealed class Client : ClientConformance<OneSiloHost>;

public sealed class Payloads : PayloadConformance<OneSiloHost>;

public sealed class Fencing : FencingConformance<OneSiloHost>;

public sealed class Maps : MapConformance<OneSiloHost>;

public sealed class PagedMaps : PagedMapConformance<OneSiloHost>;

public sealed class Ready : ReadyConformance<OneSiloHost>;

public sealed class Nested : NestedConformance<OneSiloHost>;

public sealed class Termination : TerminateConformance<OneSiloHost>;

public sealed class Continuing : ContinueConformance<OneSiloHost>;

public sealed class Waiting : WaitingConformance<OneSiloHost>;

public sealed class Checkpoints : CheckpointConformance<OneSiloHost>;
