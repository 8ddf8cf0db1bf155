using System.Diagnostics.CodeAnalysis;

namespace Sheaf;

/// <summary>How a group ended that may cancel itself (rule R6): with a value, or without one and with a cause.</summary>
/// <typeparam name="T">The type of the group's value.</typeparam>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed class GroupResult<T>
{
    private readonly T? _value;

    internal GroupResult(bool hasValue, T? value, CancellationCause? cause, IReadOnlyList<Outcome> outcomes)
    {
        HasValue = hasValue;
        _value = value;
        Cause = cause;
        Outcomes = outcomes;
    }

    /// <summary>Whether the body returned a value.</summary>
    public bool HasValue { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">The group cancelled itself before there was one.</exception>
    public T Value => HasValue
        ? _value!
        : throw new InvalidOperationException($"The group has no value: {Cause}. Look at {nameof(HasValue)} first.");

    /// <summary>What cancelled the group; <see langword="null"/> where nothing did.</summary>
    public CancellationCause? Cause { get; }

    /// <summary>How each child ended, in the order of starting.</summary>
    public IReadOnlyList<Outcome> Outcomes { get; }

    /// <summary>Gives the value where there is one.</summary>
    /// <param name="value">The value, or the default where there is none.</param>
    /// <returns>Whether there is a value.</returns>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return HasValue;
    }
}
