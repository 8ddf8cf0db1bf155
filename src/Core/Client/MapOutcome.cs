using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Sheaf;

/// <summary>How one item of a map over pages ended (rule R15).</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
[DebuggerDisplay("[{Place}]: {Kind}")]
public sealed class MapOutcome<T>
{
    private readonly T? _value;

    internal MapOutcome(int place, OutcomeKind kind, T? value, Exception? exception)
    {
        Place = place;
        Kind = kind;
        _value = value;
        Exception = exception;
    }

    /// <summary>The item's place in its page, from 0.</summary>
    public int Place { get; }

    /// <summary>How the worker ended. Items that were to go together are all <see cref="OutcomeKind.Failed"/>, or cancelled, where that is all that is known of them: their silos were lost too often, or the map was cancelled.</summary>
    public OutcomeKind Kind { get; }

    /// <summary>What it failed with; <see langword="null"/> where it did not.</summary>
    public Exception? Exception { get; }

    /// <summary>Whether the worker returned its value.</summary>
    public bool IsSuccess => Kind == OutcomeKind.Succeeded;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">The worker did not succeed.</exception>
    public T Value => IsSuccess
        ? _value!
        : throw new InvalidOperationException($"Item {Place} has no value: it ended as {Kind}. Look at {nameof(Kind)}, or use {nameof(TryGetValue)}.", Exception);

    /// <summary>Gives the value where the worker succeeded.</summary>
    /// <param name="value">The value, or the default where there is none.</param>
    /// <returns>Whether it succeeded.</returns>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return IsSuccess;
    }
}
