using System.Runtime.ExceptionServices;
using Sheaf.Engine;

namespace Sheaf;

/// <summary>Cuts a map's inputs into children (R15): each takes several, within a size; of many, into workflows of many such children (D11).</summary>
/// <remarks>How they are cut depends on the inputs and the options alone, and is part of the journal's format: a replay has to find the same.</remarks>
internal static class WorkflowMap
{
    /// <summary>A map of more inputs becomes workflows of so many: no journal, and no owner, has them all.</summary>
    public const int InputsPerShard = 10_000;

    /// <summary>So many characters of input go into one workflow, unless a part alone has more.</summary>
    private const int MaxShardCharacters = 1024 * 1024;

    /// <summary>Runs the map in its group.</summary>
    public static async Task<IReadOnlyList<TOut>> RunAsync<TIn, TOut>(WorkflowRun run, ScopeCode scope, string name, string worker, IReadOnlyList<TIn> inputs, int size, WorkflowMapOptions options)
    {
        RetrySettings? retry = options.Retry is { } policy ? RetrySettings.From(policy) : null;
        List<ChildTask<RawJson>> children = [];
        List<MapPart> shard = [];
        int shardInputs = 0;
        int shardCharacters = 0;
        MapCutter cutter = new(size, OnPart);
        using PayloadWriter writer = run.Payloads.OpenWriter();
        List<TIn> part = [];
        for (int i = 0; i < inputs.Count; i++)
        {
            if (cutter.IsBetweenParts)
            {
                // The same parts as one by one, sooner.
                part.Clear();
                for (int next = i; next < inputs.Count && part.Count < size; next++) part.Add(inputs[next]);
                if (writer.TryWriteAll(part, MapCutter.MaxCharacters) is { } together)
                {
                    cutter.AddPart(together, part.Count);
                    i += part.Count - 1;
                    continue;
                }
            }

            ReadOnlySpan<char> json;
            try
            {
                json = writer.Write(inputs[i], "input of child", name, i);
            }
            catch (Exception error)
            {
                // One that cannot be sent is its own failure, and no one else's (D10).
                cutter.Skip();
                EndShard();
                children.Add(run.StartWorker<RawJson>(scope, $"{name}[{i}]", worker, () => Refuse(error), options: null, new MapSettings(i, 1, options.Policy, retry)));
                continue;
            }

            cutter.Add(json);
        }

        cutter.End();
        EndShard();
        List<TOut> values = new(inputs.Count);
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        foreach (ChildTask<RawJson> child in children) AddValues(child.Name, await child);
#pragma warning restore CA2007, MA0004
        return values;

        void AddValues(string of, RawJson json)
        {
            try
            {
                run.Payloads.ReadEach(json, values!);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"A value of '{of}' is journaled as JSON that {typeof(TOut)} cannot be read from. Has the type changed since?", error);
            }
        }

        static string? Refuse(Exception error)
        {
            ExceptionDispatchInfo.Throw(error);
            return null;
        }

        void OnPart(MapPart part)
        {
            if (IsSharded(inputs.Count)) AddToShard(part);
            else children.Add(StartPart(run, scope, name, worker, part, options.Policy, retry, options.MaxFailures));
        }

        void AddToShard(MapPart part)
        {
            if (shardInputs + part.Count > InputsPerShard || shardCharacters + part.Inputs.Length > MaxShardCharacters) EndShard();
            shard.Add(part);
            shardInputs += part.Count;
            shardCharacters += part.Inputs.Length;
        }

        void EndShard()
        {
            if (shard.Count == 0) return;
            int? window = options.ToGroupOptions(size).MaxConcurrency;
            string input = new MapShardInput(name, worker, options.Policy, retry, window, options.MaxFailures, [.. shard]).ToJson();
            children.Add(run.StartWorkflow<RawJson>(scope, RangeOf(name, shard[0].First, shard[^1].First + shard[^1].Count), MapShard.Name, () => input, options: null));
            shard.Clear();
            shardInputs = 0;
            shardCharacters = 0;
        }
    }

    public static bool IsSharded(int inputs) => inputs > InputsPerShard;

    /// <summary>Starts a child that takes one part.</summary>
    public static ChildTask<RawJson> StartPart(WorkflowRun run, ScopeCode scope, string name, string worker, MapPart part, GroupPolicy policy, RetrySettings? retry, int maxFailures)
    {
        MapSettings settings = new(part.First, part.Count, policy, retry) { MaxFailures = maxFailures == FailureCollector.DefaultMaxFailures ? null : maxFailures };
        return run.StartWorker<RawJson>(scope, RangeOf(name, part.First, part.First + part.Count), worker, () => part.Inputs, options: null, settings);
    }

    private static string RangeOf(string name, int first, int end) => end == first + 1 ? $"{name}[{first}]" : $"{name}[{first}..{end - 1}]";
}
