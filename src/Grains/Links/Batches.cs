namespace Sheaf.Grains;

/// <summary>Cuts what waits to be sent into batches.</summary>
internal static class Batches
{
    /// <summary>So many items go in one batch at the most.</summary>
    public const int MaxItems = 500;

    /// <summary>A batch takes no more once its items have so many characters; a single larger one goes alone.</summary>
    private const int MaxCharacters = 1024 * 1024;

    /// <summary>Takes the next batch out of an outbox, oldest first.</summary>
    /// <param name="outbox">What waits; afterwards what is left.</param>
    /// <param name="size">An item's characters.</param>
    public static List<T> Take<T>(ref List<T> outbox, Func<T, int> size)
    {
        int count = 0;
        long characters = 0;
        while (count < outbox.Count && count < MaxItems && characters < MaxCharacters) characters += size(outbox[count++]);
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
