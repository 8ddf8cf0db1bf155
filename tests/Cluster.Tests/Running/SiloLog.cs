using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>What silos say in their logs, warnings and worse.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SiloLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _said = new();

    /// <summary>Category, event and message of each.</summary>
    public IReadOnlyList<string> Said => [.. _said];

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _said);

    public void Dispose()
    {
    }

    private sealed class Category(string name, ConcurrentQueue<string> said) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) said.Enqueue($"{name}[{eventId.Id}] {formatter(state, exception)} {exception?.Message}");
        }
    }
}
