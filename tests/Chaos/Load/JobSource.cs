using Sheaf.Samples.FanOut;

namespace Sheaf.Chaos.Load;

/// <summary>Makes up jobs from a seed. Not thread-safe: each line of work has its own.</summary>
/// <param name="prefix">What the ids begin with.</param>
/// <param name="random">The chance.</param>
/// <param name="folder">A folder to be scanned.</param>
/// <param name="files">How many files it has.</param>
internal sealed class JobSource(string prefix, Random random, string folder, int files)
{
    private int _number;

    public Job Next()
    {
        WorkflowId id = $"{prefix}-{++_number}";
        return random.Next(10) switch
        {
            < 4 => FanOut(id, GroupPolicy.CollectAll),
            4 => FanOut(id, GroupPolicy.Settle),
            5 => FanOut(id, GroupPolicy.FailFast),
            6 => new CancelledJob(id, random.Next(1, 300), Milliseconds(0, 1500)),
            7 => new ScanJob(id, folder, files, random.Next(3, 20)),
            _ => new ErrandJob(id, new ErrandOrder(random.Next(0, 6), [.. Numbers(random.Next(1, 8), 4)], [.. Numbers(random.Next(1, 60), 3)], Milliseconds(0, 1500))),
        };
    }

    // Short sleeps: a child that loses its silo five times in a row fails, as it should, and here nobody expects it.
    private FanOutJob FanOut(WorkflowId id, GroupPolicy policy)
    {
        int children = random.Next(1, 400);
        return new FanOutJob(id, new FanOutOrder(children, random.Next(0, Math.Min(children, 20)), Milliseconds(0, 1500), policy));
    }

    private IEnumerable<int> Numbers(int count, int below) => Enumerable.Range(0, count).Select(_ => random.Next(below));

    private TimeSpan Milliseconds(int from, int below) => TimeSpan.FromMilliseconds(random.Next(from, below));
}
