using System.Runtime.Serialization;

namespace Sheaf.Codecs;

/// <summary>
/// Carries a <see cref="GroupCancelledException"/> with its cause and outcomes. The values of children that succeeded stay where they
/// are: their types need not be known here, and nobody asked for them.
/// </summary>
[RegisterConverter]
internal sealed class GroupCancelledConverter(IServiceProvider services) : IConverter<GroupCancelledException, GroupCancelledSurrogate>
{
    public GroupCancelledException ConvertFromSurrogate(in GroupCancelledSurrogate surrogate)
    {
        Failure failure = FailureText.Read(surrogate.Failure.Json);
        CancellationCause cause = surrogate.Cause ?? throw new SerializationException("A cancelled group arrived without its cause.");
        FailureTypes types = ReceivedTypes.Of(services);
        Outcome[] outcomes = [.. (surrogate.Outcomes ?? []).Select(outcome => outcome.ToOutcome(types))];
        return FailureRestore.Complete(new GroupCancelledException(failure.Message, cause, outcomes, CancellationToken.None), failure);
    }

    public GroupCancelledSurrogate ConvertToSurrogate(in GroupCancelledException value) =>
        new(new(FailureText.Write(Failure.From(value))), value.Cause, [.. value.Outcomes.Select(OutcomeSurrogate.From)]);
}

/// <summary>A cancelled group on the wire.</summary>
[GenerateSerializer, Alias("sheaf.GroupCancelledSurrogate")]
internal readonly struct GroupCancelledSurrogate(FailureSurrogate failure, CancellationCause cause, OutcomeSurrogate[] outcomes)
{
    [Id(0)]
    public readonly FailureSurrogate Failure = failure;

    [Id(1)]
    public readonly CancellationCause? Cause = cause;

    [Id(2)]
    public readonly OutcomeSurrogate[]? Outcomes = outcomes;
}

/// <summary>An outcome on the wire, without its value.</summary>
[GenerateSerializer, Alias("sheaf.OutcomeSurrogate")]
internal struct OutcomeSurrogate
{
    [Id(0)]
    public string? Name;

    [Id(1)]
    public int Ordinal;

    [Id(2)]
    public OutcomeKind Kind;

    // With the outcome's origin as its own.
    [Id(3)]
    public FailureSurrogate? Failure;

    [Id(4)]
    public DateTimeOffset? StartedAt;

    [Id(5)]
    public DateTimeOffset EndedAt;

    [Id(6)]
    public int Attempts;

    internal static OutcomeSurrogate From(Outcome outcome) => new()
    {
        Name = outcome.Name,
        Ordinal = outcome.Ordinal,
        Kind = outcome.Kind,
        Failure = outcome.Exception is { } exception ? new FailureSurrogate(FailureText.Write(FailureOf(exception, outcome.Origin))) : null,
        StartedAt = outcome.StartedAt,
        EndedAt = outcome.EndedAt,
        Attempts = outcome.Attempts,
    };

    internal readonly Outcome ToOutcome(FailureTypes types)
    {
        Failure? failure = Failure is { } sent ? FailureText.Read(sent.Json) : null;
        FailureOrigin? origin = failure is { Origins: [var first, ..] } ? first : null;
        return new(Name ?? "", Ordinal, Kind, failure?.ToException(types), origin, new OutcomeTimes(StartedAt, EndedAt), Attempts);
    }

    private static Failure FailureOf(Exception exception, FailureOrigin? origin) =>
        Sheaf.Failure.From(exception) with { Origins = origin is null ? [] : [origin] };
}
