using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Sheaf.Core.Tests.Groups;

/// <summary>Waits that end: a test that hangs says at what, and where things stood.</summary>
internal static class Guard
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>A barrier whose waiters never run on the thread that opens it.</summary>
    public static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends only by cancellation.</summary>
    public static Task Forever(CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);

    /// <summary>Waits for cancellation, then fails: a clean-up that went wrong.</summary>
    public static async Task FailWhenCancelled(Exception error, CancellationToken token)
    {
        await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw error;
    }

    /// <summary>What a delegate must not return.</summary>
    [SuppressMessage("Usage", "MA0022", Justification = "That is the mistake under test.")]
    public static Task NoTask() => null!;

    public static async Task Within(this Task task, string waitingFor, Func<string>? state = null)
    {
        await Task.WhenAny(task, Expiry(task)).ConfigureAwait(false);
        if (!task.IsCompleted) throw Hung(waitingFor, state);
        await task.ConfigureAwait(false);
    }

    public static async Task<T> Within<T>(this Task<T> task, string waitingFor, Func<string>? state = null)
    {
        await Within((Task)task, waitingFor, state).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    /// <summary>What a group threw, once it has ended.</summary>
    public static async Task<T> Throws<T>(Func<Task> run, string waitingFor = "the group's end")
        where T : Exception => await Assert.ThrowsAsync<T>(() => run().Within(waitingFor)).ConfigureAwait(false);

    /// <summary>The leaves as <c>path: message</c>, in order.</summary>
    public static string[] Lines(this ExceptionGroup failures) =>
        [.. failures.Leaves.Select(leaf => $"{string.Join('+', leaf.Origins)}: {leaf.Exception.Message}")];

    private static async Task Expiry(Task task)
    {
        // Only the time matters here; the task's own end is looked at by who called.
        await task.WaitAsync(Limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static TimeoutException Hung(string waitingFor, Func<string>? state) =>
        new($"Still waiting for {waitingFor} after {Limit}. {state?.Invoke()}");
}

/// <summary>Fake time that tells when a timer was armed, so that a test advances only once there is something to wake.</summary>
internal sealed class TestTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();

    public TestTime()
        : base(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>The due time of the next timer that was armed.</summary>
    public Task<TimeSpan> NextTimer() => _armed.Reader.ReadAsync().AsTask().Within("a timer to be armed");

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _armed.Writer.TryWrite(dueTime);
        return timer;
    }
}
