using System.Collections.Concurrent;
using System.Text;
using Orleans.Runtime;
using Sheaf.Codecs;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>Batches that Orleans refuses as too large: sent again they are as large.</summary>
[Trait("Rule", "D10")]
public sealed class TooLargeTests
{
    [Fact]
    [Trait("Rule", "C3")]
    public async Task Deliver_OneOfManyIsTooLarge_ItFailsAndTheOthersArriveInOrder()
    {
        await using Owner owner = new();
        TakingSite site = new() { Awaited = 9 };
        ConcurrentQueue<long> numbers = new();
        int refused = 0;
        owner.Add("site", (stream, first, items) =>
        {
            if (items.Any(item => item.Message is Deliver { Dispatch.Child.Ordinal: 4 }))
            {
                Interlocked.Increment(ref refused);
                throw new OrleansException("Invalid body size: 9 (max configured value is 8, see MaxMessageBodySize)");
            }

            for (int i = 0; i < items.Count; i++) numbers.Enqueue(first + i);
            return Task.FromResult(site.Take(stream, items));
        });
        ConcurrentQueue<Letter> letters = new();
        Owner.Start(owner.Children("w-1", letters.Enqueue), 0, 10);

        Assert.Equal(9, await owner.GuardAsync(site.WhenAll));

        LeafEnded ended = Assert.IsType<LeafEnded>(Assert.Single(letters).Input);
        Assert.Equal((new ChildId(1, 4), OutcomeKind.Failed, (bool?)false), (ended.Child, ended.Result.Kind, ended.IsWorthRetry));
        Assert.Equal(typeof(PayloadTooLargeException).FullName, ended.Result.Failure!.TypeName);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), numbers);
        Assert.InRange(refused, 1, 5);
    }

    [Fact]
    public async Task Start_InputThatNoMessageCarries_FailsAtOnceWhereverItWouldRun()
    {
        await using Owner owner = new();
        List<ChildId> applied = [];
        owner.AddHere(items => applied.AddRange(items.Select(item => item.Message).OfType<Deliver>().Select(deliver => deliver.Dispatch.Child)));
        List<Letter> letters = [];
        ClusterChildren children = new("w-1", 1, owner.Links, owner.Host, letters.Add) { MessageLimit = new MessageLimit(4000) };
        for (int i = 0; i < 3; i++) children.Start(Owner.Dispatch(i) with { Input = new string('x', 2_000 + (i * 1_000)) });
        children.Flush();

        Assert.Equal([new ChildId(1, 0), new ChildId(1, 1)], applied);
        LeafEnded ended = Assert.IsType<LeafEnded>(Assert.Single(letters).Input);
        Assert.Equal("The input of child 'c2' is 4000 bytes of JSON; a message of this cluster can carry 3000. Pass a reference to where the data is. Or raise SiloMessagingOptions.MaxMessageBodySize.", ended.Result.Failure!.Message);
        Assert.True(children.Has(Owner.Delivery(2)));
        children.OnApplied(ended.Child, ended.Delivery);
        Assert.False(children.Has(Owner.Delivery(2)));
    }

    [Fact]
    public void Take_ItemsOfManySizes_StaysWithinABatchAndSendsALargeOneAlone()
    {
        List<int> outbox = [400, 500, 200, 5_000, 1, 2];
        List<List<int>> batches = [];
        while (outbox.Count > 0) batches.Add(Batches.Take(ref outbox, size => size, 1_000));
        Assert.Equal([[400, 500], [200], [5_000], [1, 2]], batches);
    }

    [Theory]
    [Trait("Rule", "E7")]
    [InlineData('x', 1)]
    [InlineData('错', 1)]
    [InlineData('"', 50)]
    [InlineData('错', 50)]
    public void Bound_FailureOfAnySize_GoesIntoAMessage(char character, int leaves)
    {
        MessageLimit limit = new(40_000);
        Exception[] errors = [.. Enumerable.Range(0, leaves).Select(i => i % 2 == 0 ? (Exception)new FormatException(new string(character, 30_000)) : new IOException(new string(character, 10_000)))];
        var failure = Failure.From(leaves == 1 ? errors[0] : new ExceptionGroup("g", errors));
        LeafEnded ended = new(new ChildId(1, 0), 1, 1, Result.Failed(failure), default);

        LeafEnded bounded = limit.Bound(ended);

        Assert.InRange(MessageLimit.SizeOf(bounded), 1_000, 2 * 40_000);
        Assert.InRange(Encoding.UTF8.GetByteCount(FailureText.Write(bounded.Result.Failure!)), 1_000, 30_000);
        Assert.Equal(failure.TypeName, bounded.Result.Failure!.TypeName);
        Assert.Equal(leaves == 1 ? 0 : leaves, bounded.Result.Failure.Inner.Sum(leaf => Math.Max(1, leaf.OmittedCount)));
        Assert.Same(bounded, limit.Bound(bounded));
    }

    [Fact]
    [Trait("Rule", "E7")]
    public void Bound_DeepFailure_KeepsTypesAndCounts()
    {
        Exception error = new FormatException("x");
        for (int i = 0; i < 2_000; i++) error = new ExceptionGroup("g", [error, new IOException("y")]);

        Failure bounded = new MessageLimit(40_000).Bound(Failure.From(error));

        Assert.Equal([("System.IO.IOException", 2_000), ("System.FormatException", 1)], bounded.Inner.OrderByDescending(leaf => leaf.OmittedCount).Select(leaf => (leaf.TypeName, leaf.OmittedCount)));
    }
}
