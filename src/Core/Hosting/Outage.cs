namespace Sheaf.Hosting;

/// <summary>
/// What is asked again and again while something is away: by how many, and how often. Their messages go through once a minute, with the
/// count of those held back: thousands of workflows would fill the disk that the journal waits for.
/// </summary>
/// <param name="time">The clock.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class Outage(TimeProvider time)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();

    // Guarded by _gate.
    private DateTimeOffset? _spokeAt;
    private int _heldBack;

    /// <summary>A failure.</summary>
    /// <param name="heldBack">How many messages were held back since the last that was not.</param>
    /// <returns>Whether to log it.</returns>
    public bool Speaks(out int heldBack)
    {
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            heldBack = _heldBack;
            if (_spokeAt is { } spokeAt && now - spokeAt < Quiet && now >= spokeAt)
            {
                _heldBack++;
                return false;
            }

            _spokeAt = now;
            _heldBack = 0;
            return true;
        }
    }

    /// <summary>How long to wait after so many failures in a row: a second's worth of the shortest time, then longer each time, up to 5 s.</summary>
    public static TimeSpan DelayAfter(int failures, TimeSpan shortest)
    {
        const int AtFirst = 10;
        if (failures <= AtFirst) return shortest;
        TimeSpan delay = shortest * Math.Pow(1.5, Math.Min(failures - AtFirst, 30));
        return delay < LongestDelay ? delay : LongestDelay;
    }
}
