using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sheaf.Engine;

namespace Sheaf;

/// <summary>A workflow that runs its share of a large map (D11): its children are the parts, its value all their values.</summary>
internal sealed class MapShard : Workflow
{
    /// <summary>The name that every host knows it by.</summary>
    public const string Name = "sheaf.map/v1";

    /// <summary>The value is as large as the values together: each of them is within the limit, and nobody asked for all of them at once (D10).</summary>
    internal override async Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow)
    {
        MapShardInput shard = MapShardInput.FromJson(input!);
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        return await workflow.GroupAsync(shard.Map, group => group.RunShardAsync(shard), new()
        {
            Policy = shard.Policy,
            MaxConcurrency = shard.MaxConcurrency,
            MaxFailures = shard.MaxFailures,
        });
#pragma warning restore CA2007, MA0004
    }

    /// <summary>Runs the parts in the shard's group.</summary>
    public static async Task<string> RunAsync(WorkflowRun run, ScopeCode scope, MapShardInput shard)
    {
        List<ChildTask<RawJson>> parts = [.. shard.Parts.Select(part => WorkflowMap.StartPart(run, scope, shard.Map, shard.Worker, part, shard.Policy, shard.Retry, shard.MaxFailures))];
        StringBuilder values = new("[");
#pragma warning disable CA2007, MA0004
        foreach (ChildTask<RawJson> part in parts)
        {
            // The values between the brackets; a part has one at least.
            string text = (await part).Text;
            if (values.Length > 1) values.Append(',');
            values.Append(text, 1, text.Length - 2);
        }
#pragma warning restore CA2007, MA0004
        return values.Append(']').ToString();
    }
}

/// <summary>A shard's input. Journaled.</summary>
/// <param name="Map">The map's name.</param>
/// <param name="Worker">What runs for each input.</param>
/// <param name="Policy">The map's policy.</param>
/// <param name="Retry">How each input is tried again.</param>
/// <param name="MaxConcurrency">How many parts run at once; null for all.</param>
/// <param name="MaxFailures">How many failures are kept in full.</param>
/// <param name="Parts">The parts, in their order.</param>
internal sealed record MapShardInput(string Map, string Worker, GroupPolicy Policy, RetrySettings? Retry, int? MaxConcurrency, int MaxFailures, IReadOnlyList<MapPart> Parts)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter<GroupPolicy>() }, MaxDepth = int.MaxValue };

    public static MapShardInput FromJson(string json) => JsonSerializer.Deserialize<MapShardInput>(json, Options)!;

    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
