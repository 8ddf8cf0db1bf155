using System.Text.Json;
using System.Text.Json.Serialization;
using Sheaf.Engine;

namespace Sheaf;

/// <summary>What a map over pages is to do. Journaled.</summary>
/// <param name="Map">The map's name.</param>
/// <param name="Reader">The worker that reads a page.</param>
/// <param name="Source">What it reads from, as JSON.</param>
/// <param name="Worker">The worker that runs for each item.</param>
/// <param name="Policy">The map's policy.</param>
/// <param name="Retry">How the reading of a page, and each item, is tried again.</param>
/// <param name="MaxConcurrency">How many items run at once; null for a whole page.</param>
/// <param name="InputsPerChild">How many items go together; null for the default.</param>
/// <param name="MaxFailures">How many failures are kept in full.</param>
internal sealed record PagedMapSettings(string Map, string Reader, [property: JsonConverter(typeof(RawJsonConverter))] string Source, string Worker, GroupPolicy Policy, RetrySettings? Retry, int? MaxConcurrency, int? InputsPerChild, int MaxFailures)
{
    /// <summary>The format of all that the maps' own workflows journal.</summary>
    public static JsonSerializerOptions Format { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter<GroupPolicy>() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = int.MaxValue,
    };

    /// <summary>The policy within a page: only where the first failure ends all of it is a failure not just counted.</summary>
    [JsonIgnore]
    public GroupPolicy PolicyOfPage => Policy == GroupPolicy.FailFast ? GroupPolicy.FailFast : GroupPolicy.Settle;

    public static PagedMapSettings From(string map, string reader, string source, string worker, WorkflowMapOptions options) => new(
        map, reader, source, worker, options.Policy, options.Retry is { } retry ? RetrySettings.From(retry) : null, options.MaxConcurrency, options.InputsPerChild, options.MaxFailures);

    /// <summary>The options of the group that has one page of so many items, and how many of them go together.</summary>
    public (WorkflowGroupOptions Group, int Size) ForPage(int items)
    {
        WorkflowMapOptions options = new() { Policy = PolicyOfPage, MaxConcurrency = MaxConcurrency, InputsPerChild = InputsPerChild, MaxFailures = MaxFailures };
        int size = options.SizeFor(items);
        return (options.ToGroupOptions(size), size);
    }
}
