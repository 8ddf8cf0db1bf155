using System.Collections.Concurrent;

namespace Sheaf;

/// <summary>
/// The exception types that may be constructed when a failure arrives from another process (rule E6): well-known types of the
/// framework, and those registered here. Every other one arrives as <see cref="RemoteException"/>.
/// </summary>
/// <remarks>
/// A type's name from outside is only ever looked up here, never resolved by reflection. Registering a type again replaces its
/// factory; a registered factory goes before the framework's own. Thread-safe.
/// </remarks>
public sealed class FailureTypes
{
    /// <summary>The framework's types only. Internal, since anybody could add to it.</summary>
    internal static readonly FailureTypes WellKnown = new();

    /// <summary>No types at all: failures stay what they are, to be read again as the same data. Internal, since anybody could add to it.</summary>
    internal static readonly FailureTypes None = new() { _knowsFramework = false };

    private readonly ConcurrentDictionary<string, Func<Failure, Exception?, Exception>> _registered = new(StringComparer.Ordinal);
    private bool _knowsFramework = true;

    /// <summary>Lets a type be constructed from its message and inner exception.</summary>
    /// <typeparam name="T">
    /// The type, matched by its full name only: subtypes are registered on their own. Not an aggregate type.
    /// </typeparam>
    /// <param name="factory">
    /// Makes a fresh exception from the message and the inner exception, if any; stack trace and data are added to it. If it throws,
    /// or returns an exception that was thrown before, the failure arrives as <see cref="RemoteException"/> that says so.
    /// </param>
    /// <returns>This instance.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is a type that failures are restored as anyway.</exception>
    public FailureTypes Register<T>(Func<string, Exception?, T> factory)
        where T : Exception
    {
        ArgumentNullException.ThrowIfNull(factory);
        return Add<T>((failure, inner) => factory(failure.Message, inner));
    }

    /// <summary>Lets a type be constructed from all that is known, such as <see cref="Failure.Data"/>.</summary>
    /// <typeparam name="T">
    /// The type, matched by its full name only: subtypes are registered on their own. Not an aggregate type.
    /// </typeparam>
    /// <param name="factory">
    /// Makes a fresh exception from the failure and the restored inner exception, if any; see
    /// <see cref="Register{T}(Func{string, Exception, T})"/>.
    /// </param>
    /// <returns>This instance.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is a type that failures are restored as anyway.</exception>
    public FailureTypes Register<T>(Func<Failure, Exception?, T> factory)
        where T : Exception
    {
        ArgumentNullException.ThrowIfNull(factory);
        return Add<T>((failure, inner) => factory(failure, inner));
    }

    internal Func<Failure, Exception?, Exception>? Find(string typeName) =>
        _registered.TryGetValue(typeName, out Func<Failure, Exception?, Exception>? factory) || !_knowsFramework ? factory : WellKnownTypes.Find(typeName);

    private FailureTypes Add<T>(Func<Failure, Exception?, Exception> factory)
        where T : Exception
    {
        Type type = typeof(T);
        if (typeof(AggregateException).IsAssignableFrom(type) || type == typeof(RemoteException) || type == typeof(OmittedFailures))
        {
#pragma warning disable MA0015 // What is wrong is the type argument.
            throw new ArgumentException(
                $"{type} is not registered: groups always arrive as ExceptionGroup, stand-ins as themselves.", nameof(T));
#pragma warning restore MA0015
        }

        _registered[TypeNames.NameOf(type)] = factory;
        return this;
    }
}
