using System.Text;
using System.Text.Json;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a part of a map (R15): a local group runs the worker for each input, and all their values are one.</summary>
/// <remarks>Each input has its own instance of the worker, its own attempts and its own key. Fail-fast and the merging of failures are the local group's.</remarks>
internal sealed class MapLeaf(HostContext host, WorkflowId workflow, DispatchWorker dispatch, MapSettings map, LeafScope scope, Action<LeafEnded> onEnded, Func<AskSpawn, Task<bool>> spawn)
    : Leaf(host, workflow, dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, scope, onEnded)
{
    public override (string? Worker, string? Input) Call => (dispatch.Worker, dispatch.Input);

    protected override async Task<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        if (!Host.Registry.Workers.TryGet(dispatch.Worker, out Type? type)) throw new InvalidOperationException(Host.Registry.Workers.Missing(dispatch.Worker));
        string?[] values = new string?[map.Count];
        Task items = TaskGroup.RunAsync(
            group =>
            {
                ChildOptions options = new() { Retry = map.Retry?.ToPolicy() };
                using JsonDocument inputs = JsonDocument.Parse(dispatch.Input ?? "[]", new JsonDocumentOptions { MaxDepth = Host.Options.SerializerOptions.MaxDepth });
                int place = 0;
                foreach (JsonElement input in inputs.RootElement.EnumerateArray())
                {
                    Item item = new(this, group, type, place, input.GetRawText());
                    _ = group.Start($"[{map.First + place}]", async ct => values[item.Place] = await item.RunAsync(ct).ConfigureAwait(false), options);
                    place++;
                }

                return Task.CompletedTask;
            },
            new TaskGroupOptions { Policy = map.Policy, TimeProvider = Host.Time },
            token);
        await items.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        WorkEnd end = Judge(items);
        return (end, end.Kind == OutcomeKind.Succeeded ? Join(values) : null);
    }

    private static string Join(string?[] values)
    {
        StringBuilder json = new("[");
        for (int i = 0; i < values.Length; i++) json.Append(i == 0 ? "" : ",").Append(values[i] ?? "null");
        return json.Append(']').ToString();
    }

    /// <summary>One input of the part.</summary>
    private sealed class Item(MapLeaf leaf, TaskGroup group, Type type, int place, string input) : IWorkerCall
    {
        private readonly HostContext _host = leaf.Host;
        private int _attempts;

        public int Place => place;

        public CancellationCause? Cause => leaf.Scope.Cause ?? group.Cause;

        public Payloads Payloads => _host.Payloads;

        public Task SpawnAsync(string name, string worker, string json) => leaf.SpawnAsync($"{Name} {name}", worker, json);

        private string Name => $"[{leaf.First + place}]";

        /// <summary>Runs an attempt where any leaf runs: one that blocks holds up none of the others.</summary>
        public Task<string?> RunAsync(CancellationToken token)
        {
            TaskCompletionSource<string?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            int attempt = Interlocked.Increment(ref _attempts);
            _host.Items.Add(() => _host.Track(CallAsync(attempt, done, token)));
            return done.Task;
        }

        private async Task CallAsync(int attempt, TaskCompletionSource<string?> done, CancellationToken token)
        {
            try
            {
                WorkerContext context = leaf.Context(this, place, Name, attempt);
                (WorkEnd, string?) ended = await WorkerCall.RunAsync(
                    _host, type, Name, worker => worker.RunUntypedAsync(input, Payloads, context, token), task => WorkEnd.Of(task, token.IsCancellationRequested, isCancellation: null)).ConfigureAwait(false);
                done.SetResult(WorkerCall.ValueOrThrow(ended, Name, token));
            }
            catch (OperationCanceledException cancelled) when (cancelled.CancellationToken == token && token.IsCancellationRequested)
            {
                done.SetCanceled(token);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        }
    }

    private int First => map.First;

    private Task SpawnAsync(string name, string worker, string json) => WorkerLeaf.SpawnAsync(dispatch, spawn, name, worker, json);

    private WorkerContext Context(Item item, int place, string name, int attempt) =>
        new(item, Workflow, $"{dispatch.Child}/{place}", $"{dispatch.Name}{name}", dispatch.Worker, attempt, dispatch.Delivery, dispatch.Deadline);
}
