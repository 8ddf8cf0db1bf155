namespace Sheaf;

/// <summary>With this a child says that it is ready (rule R14): <c>context.Ready(value)</c>.</summary>
/// <typeparam name="TReady">The type of the value that the child is ready with, such as the port of a listener.</typeparam>
/// <remarks>Each attempt at the child is given one of its own. Thread-safe: any thread may say it.</remarks>
public sealed class ReadyContext<TReady>
{
    private readonly Readiness<TReady> _readiness;

    internal ReadyContext(Readiness<TReady> readiness) => _readiness = readiness;

    /// <summary>
    /// Says that the child is ready: whoever awaits its start goes on with the value, on the thread pool, and from here on the child's
    /// failures are the group's.
    /// </summary>
    /// <param name="value">What the starter gets.</param>
    /// <remarks>Returns at once. In a cancelled group it is legal, and the starter gets the value.</remarks>
    /// <exception cref="InvalidOperationException">The child has said so already, or the attempt that this context belongs to has ended.</exception>
    public void Ready(TReady value) => _readiness.Ready(this, value);
}
