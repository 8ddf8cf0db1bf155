using System.Runtime.Serialization;
using Orleans.Serialization.Cloning;

namespace Sheaf.Codecs;

/// <summary>Carries a <see cref="CancellationCause"/> with all its parents, flat: a nested form could be deeper than a stack.</summary>
[RegisterConverter]
internal sealed class CancellationCauseConverter : IConverter<CancellationCause, CancellationCauseSurrogate>
{
    /// <summary>The most causes in a row: one for each scope around the one that was cancelled.</summary>
    internal const int MaxCauses = 1_000;

    public CancellationCause ConvertFromSurrogate(in CancellationCauseSurrogate surrogate)
    {
        CauseLink[] links = surrogate.Links ?? [];
        if (links.Length is 0 or > MaxCauses) throw new SerializationException($"A cancellation with {links.Length} causes arrived; there are 1 to {MaxCauses}.");
        CancellationCause? cause = null;
        for (int i = links.Length - 1; i >= 0; i--) cause = new(links[i].Kind, links[i].Reason, links[i].By, links[i].At) { Parent = cause };
        return cause!;
    }

    public CancellationCauseSurrogate ConvertToSurrogate(in CancellationCause value)
    {
        List<CauseLink> links = [];
        // The nearest ones; where there are more, the last one sent is the root.
        for (CancellationCause? cause = value; cause is not null; cause = links.Count == MaxCauses - 1 && cause.Parent is not null ? cause.Root : cause.Parent)
        {
            links.Add(new CauseLink { Kind = cause.Kind, Reason = cause.Reason, By = cause.By, At = cause.At });
        }

        return new CancellationCauseSurrogate([.. links]);
    }
}

/// <summary>Causes are immutable: a call inside a silo shares them.</summary>
[RegisterCopier]
internal sealed class CancellationCauseCopier : ShallowCopier<CancellationCause>;

/// <summary>A cause on the wire, then its parents to the root.</summary>
[GenerateSerializer, Alias("sheaf.CancellationCauseSurrogate")]
internal readonly struct CancellationCauseSurrogate(CauseLink[] links)
{
    [Id(0)]
    public readonly CauseLink[]? Links = links;
}

/// <summary>One cause, without its parent.</summary>
[GenerateSerializer, Alias("sheaf.CauseLink")]
internal struct CauseLink
{
    [Id(0)]
    public CancellationCauseKind Kind;

    [Id(1)]
    public string? Reason;

    [Id(2)]
    public string? By;

    [Id(3)]
    public DateTimeOffset At;
}
