using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Many payloads that are read together are what each is alone, and one that cannot be read is nobody else's affair (D10).</summary>
public sealed class MapInputsTests
{
    public static TheoryData<string, JsonSerializerOptions> Options => new()
    {
        { "together", SheafOptions.DefaultSerializerOptions },
        { "a converter of lists", new JsonSerializerOptions { Converters = { new JoinedLists() } } },
        { "the user's own types only", new JsonSerializerOptions { TypeInfoResolver = new OnlyTypes(new DefaultJsonTypeInfoResolver(), [typeof(int), typeof(byte), typeof(string)]) } },
    };

    [Theory]
    [MemberData(nameof(Options))]
    [Trait("Rule", "D10")]
    public void ReadEach_ReadsWhatEachIsAlone(string name, JsonSerializerOptions options)
    {
        Payloads payloads = new(options, 10_000);
        Assert.True(Read<int>(payloads, "[1,2,3]") is [1, 2, 3], name);
        Assert.True(Read<byte>(payloads, "[1,2,255]") is [1, 2, 255], name);
        Assert.True(Read<string>(payloads, "[\"a\",null]") is ["a", null], name);
        Assert.True(Read<int>(payloads, "[]") is [], name);
        Assert.Throws<JsonException>(() => Read<int>(payloads, "[1,\"two\"]"));
    }

    [Theory]
    [MemberData(nameof(Options))]
    [Trait("Rule", "D10")]
    public void Take_OfEach_IsThatInput_AndOneThatCannotBeReadFailsAlone(string name, JsonSerializerOptions options)
    {
        Payloads payloads = new(options, 10_000);
        using (MapInputs inputs = new("[10,11,12]", 3))
        {
            Assert.True(inputs.Take<int>(2, payloads) == 12, name);
            Assert.True(inputs.Take<int>(0, payloads) == 10, name);
            Assert.Equal("11", inputs.Element(1).GetRawText());
        }

        using MapInputs mixed = new("[10,\"eleven\",12]", 3);
        Assert.True(mixed.Take<int>(0, payloads) == 10, name);
        Assert.Throws<JsonException>(() => mixed.Take<int>(1, payloads));
        Assert.True(mixed.Take<int>(2, payloads) == 12, name);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Attempt_AfterOneThatChangedItsInput_HasTheInputAsItWasSent()
    {
        ServiceCollection services = new();
        services.AddSheaf(s => s.AddWorkflow<MapBoxes>().AddWorker<EmptyBox>()).UseEmbedded(new MemoryJournal());
        await using ServiceProvider host = services.BuildServiceProvider();
        Assert.Equal(["1 2", "1 2", "1 2"], await host.GetRequiredService<IWorkflowClient>().RunAsync(Run.Workflow<MapBoxes>(), "w", 3).Within("the map's end"));
    }

    private static List<T?> Read<T>(Payloads payloads, string array)
    {
        List<T?> values = [];
        payloads.ReadEach(new RawJson(array), values);
        return values;
    }
}

/// <summary>Makes texts of lists of numbers.</summary>
internal sealed class JoinedLists : JsonConverter<List<int>>
{
    public override List<int> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        [.. reader.GetString()!.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    public override void Write(Utf8JsonWriter writer, List<int> value, JsonSerializerOptions options) => writer.WriteStringValue(string.Join(' ', value));
}

internal sealed record Box(List<int> Content);

[Workflow("map-boxes/v1")]
internal sealed class MapBoxes : Workflow<int, IReadOnlyList<string>>
{
    public override Task<IReadOnlyList<string>> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        await group.MapAsync("map", Run.Worker<EmptyBox>(), [.. Enumerable.Range(0, input).Select(_ => new Box([1, 2]))], new() { Retry = new RetryPolicy { MaxAttempts = 2, InitialDelay = TimeSpan.Zero } }));
}

/// <summary>Takes all out of its input, and fails at first.</summary>
[Worker("empty-box/v1")]
internal sealed class EmptyBox : Worker<Box, string>
{
    public override Task<string> RunAsync(Box input, WorkerContext context, CancellationToken cancellationToken)
    {
        string content = string.Join(' ', input.Content);
        input.Content.Clear();
        return context.Attempt == 1 ? throw new TimeoutException() : Task.FromResult(content);
    }
}
