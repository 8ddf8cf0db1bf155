namespace Sheaf.Hosting;

/// <summary>Where a test harness looks into a host: when anything goes on in it, and each delivery. Production has none.</summary>
/// <remarks>
/// What is entered and not left goes on by itself, without the clock: letters on their way, actors at work, deliveries,
/// signals of tokens. While nothing is, the host waits for its clock or for its clients. Called by any thread.
/// </remarks>
internal interface IHostProbe
{
    void Enter();

    void Leave();

    /// <summary>Runs a delivery, which it may hold back. What it throws the delivery throws.</summary>
    Task<T> RunAsync<T>(Leaf leaf, Func<Task<T>> work);
}
