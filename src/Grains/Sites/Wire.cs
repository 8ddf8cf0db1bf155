using System.Text.Json;
using Orleans;
using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>What a silo can run.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.SiteInfo")]
internal sealed record SiteInfo([property: Id(0)] IReadOnlyList<string> Workers);

/// <summary>Messages of one owner's stream to one site, in the order of their numbers.</summary>
/// <param name="Owner">The owner's silo, as it calls itself.</param>
/// <param name="Stream">Which stream of the pair: a new one begins where the site had lost the old one.</param>
/// <param name="FirstNumber">The first message's number.</param>
/// <param name="Messages">The messages. None is a sign of life.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.SiteBatch")]
internal sealed record SiteBatch([property: Id(0)] string Owner, [property: Id(1)] long Stream, [property: Id(2)] long FirstNumber, [property: Id(3)] IReadOnlyList<WireMessage> Messages);

/// <summary>The answer to a batch: all of it has been applied, or the stream is not known.</summary>
/// <param name="IsLapsed">The site knows nothing of the stream, though it has begun: whatever it ran for the owner is gone (C5).</param>
/// <param name="Found">What each <see cref="Attach"/> of the batch found here, in their order.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.SiteReply")]
internal sealed record SiteReply([property: Id(0)] bool IsLapsed, [property: Id(1)] IReadOnlyList<WireFound> Found)
{
    /// <summary>The silo stops: it runs nothing any more, and takes nothing.</summary>
    [Id(2)]
    public bool IsLeaving { get; init; }

    public static SiteReply Leaving { get; } = new(false, []) { IsLeaving = true };

    public static SiteReply Applied { get; } = new(false, []);

    public static SiteReply Lapsed { get; } = new(true, []);
}

/// <summary>What a new owner found of one workflow.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.WireFound")]
internal sealed record WireFound([property: Id(0)] string Workflow, [property: Id(1)] long Epoch, [property: Id(2)] IReadOnlyList<WireDelivery> Deliveries);

[GenerateSerializer, Immutable, Alias("sheaf.WireDelivery")]
internal readonly record struct WireDelivery([property: Id(0)] int Scope, [property: Id(1)] int Ordinal, [property: Id(2)] int Number)
{
    public static WireDelivery From(Delivery delivery) => new(delivery.Child.Scope, delivery.Child.Ordinal, delivery.Number);

    public Delivery ToDelivery() => new(new ChildId(Scope, Ordinal), Number);
}

/// <summary>One message; exactly one of its parts is set.</summary>
[GenerateSerializer, Immutable, Alias("sheaf.WireMessage")]
internal readonly record struct WireMessage([property: Id(0)] string Workflow, [property: Id(1)] long Epoch)
{
    [Id(2)]
    public WireDispatch? Dispatch { get; init; }

    [Id(3)]
    public WireSignal? Signal { get; init; }

    [Id(4)]
    public int? Forget { get; init; }

    [Id(5)]
    public IReadOnlyList<WireDelivery>? Attach { get; init; }

    public static WireMessage From(string workflow, long epoch, SiteMessage message) => message switch
    {
        Deliver deliver => new(workflow, epoch) { Dispatch = WireDispatch.From(deliver.Dispatch) },
        SignalScope signal => new(workflow, epoch) { Signal = new(signal.Scope, signal.Cause) },
        ForgetScope forget => new(workflow, epoch) { Forget = forget.Scope },
        Attach attach => new(workflow, epoch) { Attach = [.. attach.Deliveries.Select(WireDelivery.From)] },
        _ => throw new InvalidOperationException($"No such site message: {message.GetType().Name}."),
    };

    public SiteMessage ToMessage()
    {
        if (Dispatch is { } dispatch) return new Deliver(dispatch.ToDispatch());
        if (Signal is { } signal) return new SignalScope(signal.Scope, signal.Cause);
        if (Forget is { } scope) return new ForgetScope(scope);
        return new Attach([.. (Attach ?? throw new InvalidOperationException("A site message has no content. Do all silos run the same version?")).Select(delivery => delivery.ToDelivery())]);
    }
}

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.WireSignal")]
internal sealed record WireSignal([property: Id(0)] int Scope, [property: Id(1)] CancellationCause Cause);

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.WireDispatch")]
internal sealed record WireDispatch(
    [property: Id(0)] WireDelivery Delivery,
    [property: Id(1)] int Attempt,
    [property: Id(2)] string Name,
    [property: Id(3)] string Worker,
    [property: Id(4)] string? Input,
    [property: Id(5)] TimeSpan? Timeout,
    [property: Id(6)] DateTimeOffset? Deadline,
    [property: Id(7)] string? TraceParent,
    [property: Id(8)] string? Map,
    [property: Id(9)] int Run)
{
    /// <summary>Whether the child says when it is ready.</summary>
    [Id(10)]
    public bool GetsReady { get; init; }

    public static WireDispatch From(DispatchWorker dispatch) => new(
        new(dispatch.Child.Scope, dispatch.Child.Ordinal, dispatch.Delivery), dispatch.Attempt, dispatch.Name, dispatch.Worker, dispatch.Input, dispatch.Timeout, dispatch.Deadline, dispatch.TraceParent, dispatch.Map is { } map ? JsonSerializer.Serialize(map) : null, dispatch.Run) { GetsReady = dispatch.GetsReady };

    public DispatchWorker ToDispatch() => new(Delivery.ToDelivery().Child, Attempt, Delivery.Number, Name, Worker, Input, Timeout, Deadline)
    {
        TraceParent = TraceParent,
        Map = Map is null ? null : JsonSerializer.Deserialize<MapSettings>(Map),
        Run = Run,
        GetsReady = GetsReady,
    };
}

/// <summary>Ends of children, from the silo where they ran.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.OutcomeBatch")]
internal sealed record OutcomeBatch([property: Id(0)] string Site, [property: Id(1)] IReadOnlyList<WireOutcome> Outcomes);

/// <summary>The answer: see <see cref="OutcomeAnswer"/>.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.OutcomeReply")]
internal sealed record OutcomeReply([property: Id(0)] IReadOnlyList<int> NotHere)
{
    /// <summary>Null from a silo of a version that does not say.</summary>
    [Id(1)]
    public IReadOnlyList<string>? Ended { get; init; }

    /// <summary>As above.</summary>
    [Id(2)]
    public IReadOnlyList<WireMoved>? Moved { get; init; }

    public static OutcomeReply From(OutcomeAnswer answer) => new(answer.NotHere)
    {
        Ended = [.. answer.Ended.Select(workflow => workflow.Value)],
        Moved = [.. answer.Moved.Select(moved => new WireMoved(moved.Key.Value, moved.Value))],
    };

    public OutcomeAnswer ToAnswer() => new(NotHere, [.. (Ended ?? []).Select(workflow => new WorkflowId(workflow))], (Moved ?? []).ToDictionary(moved => new WorkflowId(moved.Workflow), moved => moved.Owner));
}

/// <summary>A workflow that has another owner.</summary>
[GenerateSerializer, Immutable, Alias("sheaf.WireMoved")]
internal readonly record struct WireMoved([property: Id(0)] string Workflow, [property: Id(1)] string Owner);

[GenerateSerializer, Immutable, Alias("sheaf.WireOutcome")]
internal readonly record struct WireOutcome(
    [property: Id(0)] string Workflow,
    [property: Id(1)] WireDelivery Delivery,
    [property: Id(2)] int Attempt,
    [property: Id(3)] OutcomeKind Kind,
    [property: Id(4)] string? Value,
    [property: Id(5)] Failure? Failure,
    [property: Id(6)] DateTimeOffset StartedAt)
{
    public static WireOutcome From(string workflow, LeafEnded ended) => new(
        workflow, new(ended.Child.Scope, ended.Child.Ordinal, ended.Delivery), ended.Attempt, ended.Result.Kind, ended.Result.Value, ended.Result.Failure, ended.StartedAt);

    public LeafEnded ToEnded(string silo) => new(Delivery.ToDelivery().Child, Attempt, Delivery.Number, new Result(Kind, Value, Failure), StartedAt) { Silo = silo };
}

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.WireSpawn")]
internal sealed record WireSpawn([property: Id(0)] string Workflow, [property: Id(1)] WireDelivery Parent, [property: Id(2)] string Name, [property: Id(3)] string Worker, [property: Id(4)] string Input)
{
    public static WireSpawn From(string workflow, AskSpawn ask) => new(workflow, new(ask.Parent.Scope, ask.Parent.Ordinal, ask.Delivery), ask.Name, ask.Worker, ask.Json);

    public AskSpawn ToAsk() => new(Parent.ToDelivery().Child, Parent.Number, Name, Worker, Input);
}

[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.WireReady")]
internal sealed record WireReady([property: Id(0)] string Workflow, [property: Id(1)] WireDelivery Child, [property: Id(2)] string? Value)
{
    public static WireReady From(string workflow, AskReady ask) => new(workflow, new(ask.Child.Scope, ask.Child.Ordinal, ask.Delivery), ask.Json);

    public AskReady ToAsk() => new(Child.ToDelivery().Child, Child.Number, Value);
}
