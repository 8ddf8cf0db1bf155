using Orleans.Serialization.Cloning;

namespace Sheaf.Codecs;

/// <summary>Carries a <see cref="Failure"/> (rule E5).</summary>
[RegisterConverter]
internal sealed class FailureConverter : IConverter<Failure, FailureSurrogate>
{
    public Failure ConvertFromSurrogate(in FailureSurrogate surrogate) => FailureText.Read(surrogate.Json);

    public FailureSurrogate ConvertToSurrogate(in Failure value) => new(FailureText.Write(value));
}

/// <summary>Failures are immutable: a call inside a silo shares them.</summary>
[RegisterCopier]
internal sealed class FailureCopier : ShallowCopier<Failure>;
