using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>What a host says in its log, from a level on.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class TestLog(LogLevel from) : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message, Exception? Error)> _entries = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new();

    public IReadOnlyList<(LogLevel Level, string Message, Exception? Error)> Entries => [.. _entries];

    public IReadOnlyList<string> Messages => [.. _entries.Select(entry => entry.Message)];

    /// <summary>Ends when there is a message that begins so.</summary>
    public Task SaidAsync(string beginning)
    {
        TaskCompletionSource said = _awaited.GetOrAdd(beginning, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Messages.Any(message => message.StartsWith(beginning, StringComparison.Ordinal))) said.TrySetResult();
        return said.Task;
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= from;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string message = formatter(state, exception);
        _entries.Enqueue((logLevel, message, exception));
        foreach ((string beginning, TaskCompletionSource said) in _awaited)
        {
            if (message.StartsWith(beginning, StringComparison.Ordinal)) said.TrySetResult();
        }
    }
}
