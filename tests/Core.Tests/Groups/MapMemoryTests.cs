namespace Sheaf.Core.Tests.Groups;

/// <summary>Alone, since it measures the whole process.</summary>
[Trait("Rule", "R15")]
[Collection(nameof(MapMemoryTests))]
[CollectionDefinition(nameof(MapMemoryTests), DisableParallelization = true)]
public sealed class MapMemoryTests
{
    [Fact]
    public async Task Map_AMillionItems_MemoryStaysFlat()
    {
        const int Items = 1_000_000;
        long first = 0, most = 0;
        MapSummary summary = await TaskGroup.MapAsync(MapTests.Stream(Items), async (item, _) =>
        {
            if (item % 100_000 == 1_000)
            {
                long now = GC.GetTotalMemory(forceFullCollection: true);
                if (first == 0) first = now;
                most = Math.Max(most, now);
            }

            await Task.Yield();
            if (item % 100 == 0) throw new FormatException("some fail");
        }, new() { Group = new() { MaxConcurrency = 64, Policy = GroupPolicy.Settle } }).Within("the map");
        Assert.Equal((Items - (Items / 100), Items / 100), (summary.Succeeded, summary.Failed));
        // A child that is kept costs 100 bytes at least, 100 MB in all.
        Assert.InRange(most - first, long.MinValue, 10_000_000);
    }
}
