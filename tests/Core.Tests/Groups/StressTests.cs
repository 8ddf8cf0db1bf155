using System.Collections.Concurrent;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

/// <summary>Many threads at one group. What they do comes from a seed; how they meet does not, so only invariants are stated.</summary>
public sealed class StressTests
{
    private const int Rounds = 150;
    private const int Threads = 4;
    private const int StartsPerThread = 60;

    [Theory]
    [Trait("Rule", "R1")]
    [Trait("Rule", "R2")]
    [Trait("Rule", "R10")]
    [InlineData(GroupPolicy.FailFast, null)]
    [InlineData(GroupPolicy.FailFast, 3)]
    [InlineData(GroupPolicy.CollectAll, 3)]
    [InlineData(GroupPolicy.Settle, null)]
    public async Task ManyThreads_StartFailAndCancel_EveryAdmittedChildEndsOnceBeforeTheGroup(GroupPolicy policy, int? window)
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            Round round = new(seed, policy, window);
            await round.RunAsync().Within("the group's end", () => $"seed {round.Seed}: {round}");
            round.Check();
        }
    }

    private sealed class Round(int seed, GroupPolicy policy, int? window)
    {
        private readonly CapacityLimiter _limiter = new(4);
        private readonly ConcurrentDictionary<string, ChildTask> _admitted = new();
        private int _begun;
        private int _left;
        private int _refused;
        private TaskGroup? _group;
        private Exception? _end;

        public int Seed => seed;

        public async Task RunAsync()
        {
            using CancellationTokenSource caller = new();
            Task run = TaskGroup.RunAsync(async group =>
            {
                _group = group;
                await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => Work(group, thread, caller))));
            }, new() { Policy = policy, MaxConcurrency = window, CapacityLimiter = seed % 3 == 0 ? _limiter : null }, caller.Token);
            _end = await Record.ExceptionAsync(() => run);
            Assert.Equal(_begun, _left);
        }

        public void Check()
        {
            IReadOnlyList<Outcome> outcomes = _group!.Outcomes;
            Assert.Equal(_admitted.Count, outcomes.Count);
            Assert.Equal(_admitted.Keys.Order(), outcomes.Select(outcome => outcome.Name).Order());
            Assert.Equal(Enumerable.Range(0, outcomes.Count), outcomes.Select(outcome => outcome.Ordinal));
            Assert.Equal(_begun, outcomes.Count(outcome => outcome.Kind != OutcomeKind.NotStarted));
            Assert.Equal(0, _limiter.InUse);
            if (_group.Cause is null) Assert.Equal(0, _refused);
            int failed = outcomes.Count(outcome => outcome.Kind == OutcomeKind.Failed);
            int thrown = _end is ExceptionGroup failures ? failures.LeafCount : 0;
            Assert.Equal(policy == GroupPolicy.Settle ? 0 : failed, thrown);
            if (failed > 0 && policy == GroupPolicy.FailFast) Assert.NotNull(_group.Cause);
            if (thrown == 0 && _end is not null) Assert.IsType<OperationCanceledException>(_end, exactMatch: false);
        }

        public override string ToString() => $"{_admitted.Count} admitted, {_begun} begun, {_left} left, {_refused} refused, cause {_group?.Cause}";

        private void Work(TaskGroup group, int thread, CancellationTokenSource caller)
        {
            Random random = new((seed * Threads) + thread);
            for (int i = 0; i < StartsPerThread; i++)
            {
                string name = $"{thread}/{i}";
                int choice = random.Next(1000);
                if (choice == 0) group.Cancel(name);
                else if (choice == 1) caller.Cancel();
                else Start(group, name, choice, depth: 0);
            }
        }

        private void Start(TaskGroup group, string name, int choice, int depth)
        {
            try
            {
                ChildTask child = group.Start(name, token => Child(group, name, choice, depth, token));
                Assert.True(_admitted.TryAdd(name, child));
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _refused);
            }
        }

        private async Task Child(TaskGroup group, string name, int choice, int depth, CancellationToken token)
        {
            Interlocked.Increment(ref _begun);
            try
            {
                if (choice % 3 != 0) await Task.Yield();
                if (choice % 5 == 0 && depth < 2) Start(group, name + "+", choice + 1, depth + 1);
                if (choice % 101 == 0) throw new FormatException(name);
                if (choice % 211 == 0) group.Cancel(name);
                if (choice % 7 == 0) token.ThrowIfCancellationRequested();
            }
            finally
            {
                Interlocked.Increment(ref _left);
            }
        }
    }
}
