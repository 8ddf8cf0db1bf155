namespace Sheaf;

/// <summary>The children of a group to be, each with its origins in that group. Not thread-safe.</summary>
internal sealed class Children
{
    private readonly List<Exception> _exceptions = [];
    private readonly List<IReadOnlyList<FailureOrigin>> _origins = [];

    internal int Count => _exceptions.Count;

    internal IReadOnlyList<Exception> Exceptions => _exceptions;

    internal IReadOnlyList<IReadOnlyList<FailureOrigin>> Origins => _origins;

    internal void Add(Exception exception, IReadOnlyList<FailureOrigin> origins)
    {
        _exceptions.Add(exception);
        _origins.Add(origins);
    }
}
