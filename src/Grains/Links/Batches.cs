namespace Sheaf.Grains;

/// <summary>Cuts what waits to be sent into batches.</summary>
internal static class Batches
{
    /// <summary>So many items go in one batch at the most.</summary>
    public const int MaxItems = 500;

    /// <summary>And so many bytes, unless messages are smaller or a single item is larger.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Takes the next batch out of an outbox, oldest first.</summary>
    /// <param name="outbox">What waits; afterwards what is left.</param>
    /// <param name="size">An item's bytes.</param>
    /// <param name="maxBytes">What all have together at the most; a single larger one goes alone.</param>
    public static List<T> Take<T>(ref List<T> outbox, Func<T, long> size, int maxBytes)
    {
        int count = 0;
        long bytes = 0;
        while (count < outbox.Count && count < MaxItems)
        {
            bytes += size(outbox[count]);
            if (count > 0 && bytes > maxBytes) break;
            count++;
        }

        List<T> batch = outbox;
        outbox = [];
        if (count < batch.Count)
        {
            outbox = batch.GetRange(count, batch.Count - count);
            batch.RemoveRange(count, batch.Count - count);
        }

        return batch;
    }
}
