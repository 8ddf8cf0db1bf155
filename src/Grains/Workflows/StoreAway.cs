using System.Data.Common;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>What callers are told when the journal's store does not answer: to ask again. What its driver throws is known on this silo only.</summary>
internal static class StoreAway
{
    /// <summary>Asks the store for a caller.</summary>
    /// <exception cref="TimeoutException">The store did not answer: clients ask again, as for a silo that does not.</exception>
    public static async Task<T> AskAsync<T>(HostContext host, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (DbException away)
        {
            throw Tell(host, away);
        }
    }

    /// <summary>The same, item by item.</summary>
    /// <exception cref="TimeoutException">As above.</exception>
    public static async IAsyncEnumerable<T> EnumerateAsync<T>(HostContext host, IAsyncEnumerable<T> items)
    {
        await using IAsyncEnumerator<T> next = items.GetAsyncEnumerator();
        while (await AskAsync(host, () => next.MoveNextAsync().AsTask())) yield return next.Current;
    }

    /// <summary>Says in the log that it did not.</summary>
    public static void Say(HostContext host, Exception error)
    {
        if (host.Questions.Speaks(out int heldBack)) ClusterLog.StoreAway(host.Logger, heldBack, error);
    }

    private static TimeoutException Tell(HostContext host, DbException away)
    {
        Say(host, away);
        return new TimeoutException($"The journal's store did not answer, and the silo's log has more: {away.Message}");
    }
}
