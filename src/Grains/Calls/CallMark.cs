using Orleans.Runtime;

namespace Sheaf.Calls;

/// <summary>Marks a call to a grain as one whose caller understands saved failures.</summary>
/// <remarks>
/// The mark travels in the request context, which Orleans passes on to whatever the callee calls. It therefore names the grain it is
/// meant for: on a silo without <see cref="SavingCallFilter"/> nobody consumes it, and a call further down must not be answered with
/// something that its own caller does not expect.
/// </remarks>
internal static class CallMark
{
    private const string Key = "sheaf.call";

    /// <summary>Marks the calls that are made from here on to this grain.</summary>
    /// <returns>What to <see cref="Restore"/>.</returns>
    internal static object? Set(GrainId target)
    {
        object? before = RequestContext.Get(Key);
        RequestContext.Set(Key, target.ToString());
        return before;
    }

    internal static void Restore(object? before)
    {
        if (before is null) RequestContext.Remove(Key);
        else RequestContext.Set(Key, before);
    }

    /// <summary>Takes the mark of the call that is coming in, so that calls made from inside it keep their own semantics.</summary>
    /// <returns>Whether it is meant for this grain.</returns>
    internal static bool Consume(GrainId target)
    {
        if (RequestContext.Get(Key) is not { } mark) return false;
        RequestContext.Remove(Key);
        return mark is string name && string.Equals(name, target.ToString(), StringComparison.Ordinal);
    }
}
