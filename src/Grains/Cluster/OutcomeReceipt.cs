using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>Counts the outcomes of one batch as they are committed.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OutcomeReceipt(int count)
{
    private readonly TaskCompletionSource<IReadOnlyList<int>> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _notHere = [];
    private int _left = count;

    /// <summary>Completes with the places of those that were not taken, when all have been answered.</summary>
    public Task<IReadOnlyList<int>> WhenAnswered => _all.Task;

    /// <summary>Who is told of one outcome.</summary>
    public ILetterDone Of(int place) => new One(this, place);

    public void NotHere(int place)
    {
        lock (_notHere) _notHere.Add(place);
        Answered();
    }

    private void Answered()
    {
        if (Interlocked.Decrement(ref _left) > 0) return;
        lock (_notHere) _all.SetResult([.. _notHere]);
    }

    private sealed class One(OutcomeReceipt receipt, int place) : ILetterDone
    {
        public void OnDone(bool hadEffect) => receipt.Answered();

        public void OnRefused(Exception reason) => receipt.NotHere(place);
    }
}
