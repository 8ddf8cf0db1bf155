using System.Runtime.CompilerServices;

namespace Sheaf.Processes;

/// <summary>Waits for something that another process brings about. For presence only: absence cannot be waited for.</summary>
internal static class Poll
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="bound">How long.</param>
    /// <param name="status">Where things stand, for the message.</param>
    /// <param name="what">The condition's own text.</param>
    /// <returns>How long it took.</returns>
    /// <exception cref="TimeoutException">It was never yes within the bound.</exception>
    public static async Task<TimeSpan> UntilAsync(
        Func<Task<bool>> condition, TimeSpan bound, Func<string> status, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > bound)
                throw new TimeoutException($"Not within {bound}: {what}{Environment.NewLine}{status()}");
            await Task.Delay(Period, TimeProvider.System, TestContext.Current.CancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(started);
    }
}
