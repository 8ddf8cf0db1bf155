using System.Diagnostics.CodeAnalysis;

namespace Sheaf;

/// <summary>How one child with a value ended.</summary>
/// <typeparam name="T">The type of the child's value.</typeparam>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed class Outcome<T> : Outcome
{
    private readonly T? _value;

    internal Outcome(ChildTask child, OutcomeKind kind, T? value, Exception? exception, FailureOrigin? origin, OutcomeTimes times, int attempts)
        : base(child, kind, exception, origin, times, attempts) => _value = value;

    /// <summary>The child's value.</summary>
    /// <exception cref="InvalidOperationException">The child did not succeed.</exception>
    public T Value => IsSuccess
        ? _value!
        : throw new InvalidOperationException(
            $"Child '{Name}' has no value: it ended as {Kind}. Look at {nameof(Kind)}, or use {nameof(TryGetValue)}.", Exception);

    /// <summary>Gives the child's value where it succeeded.</summary>
    /// <param name="value">The value, or the default where there is none.</param>
    /// <returns>Whether the child succeeded.</returns>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return IsSuccess;
    }

    /// <summary>Gives the child's value, or another where it did not succeed.</summary>
    /// <param name="fallback">What to give instead.</param>
    /// <returns>The value, or <paramref name="fallback"/>: <see langword="null"/> only if that or the value is.</returns>
    [return: NotNullIfNotNull(nameof(fallback))]
    public T? ValueOr(T? fallback) => IsSuccess ? _value! : fallback;
}
