using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>Inputs that no message of the cluster can carry: they fail what they belong to, and hold up nobody else.</summary>
[Trait("Rule", "D10")]
public sealed class LargeInputTests
{
    private const int MaxMessage = 256 * 1024;

    private static readonly Wanted TwoSilos = Wanted.WithMessagesOf(MaxMessage, sheaf => sheaf.AddWorkflow<TextMap>().AddWorkflow<TakesText>().AddWorkflow<TakesSignal>().AddWorkflow<TakesTextInside>().AddWorker<TextWorker>());

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Map_InputsOfAPartAreLargerThanAMessage_FailsAndNobodyElseWaits()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        Task<int> large = cluster.Client.RunAsync(Run.Workflow<TextMap>(), "large", new(60, 30, 10_000));
        Task<int> small = cluster.Client.RunAsync(Run.Workflow<TextMap>(), "small", new(60, 5, 10_000));

        Assert.Equal(600_000, await cluster.Field.GuardAsync(small, "the map of smaller parts"));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.Field.GuardAsync(large, "the map of large parts"));
        string message = Assert.IsType<PayloadTooLargeException>(failures.Leaves.First().Exception).Message;
        Assert.StartsWith("The input of child 'map[0..25]' is 260079 bytes of JSON; a message of this cluster can carry 196608. ", message, StringComparison.Ordinal);
        Assert.Contains("fewer InputsPerChild", message, StringComparison.Ordinal);
        Assert.EndsWith("raise SiloMessagingOptions.MaxMessageBodySize.", message, StringComparison.Ordinal);
        // Its journal has the input; who watches is not sent it.
        Assert.Contains(await cluster.EventsAsync("large"), seen => seen.Kind == WorkflowEventKind.WorkflowEnded);
    }

    [Theory]
    [InlineData("start")]
    [InlineData("run")]
    public async Task Client_InputIsLargerThanASiloTakes_IsTold(string how)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        string input = new('x', 300_000);

        PayloadTooLargeException error = await Assert.ThrowsAsync<PayloadTooLargeException>(() => cluster.Field.GuardAsync(
            how == "start" ? cluster.Client.StartAsync(Run.Workflow<TakesText>(), "w", input) : cluster.Client.RunAsync(Run.Workflow<TakesText>(), "w", input), "the start"));

        Assert.StartsWith("The input of workflow 'w' is 300002 bytes of JSON, more than a message of the cluster can carry: ", error.Message, StringComparison.Ordinal);
        Assert.Null(await cluster.Field.GuardAsync(cluster.Client.DescribeAsync("w"), "the description"));
        Assert.Equal(1000, await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<TakesText>(), "w", new string('x', 1000)), "a smaller one"));
    }

    [Fact]
    public async Task Client_SignalIsLargerThanASiloTakes_IsTold()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        Assert.True(await cluster.Field.GuardAsync(cluster.Client.StartAsync(Run.Workflow<TakesSignal>(), "w", 0), "the start"));

        PayloadTooLargeException error = await Assert.ThrowsAsync<PayloadTooLargeException>(() => cluster.Field.GuardAsync(cluster.Client.SignalAsync("w", "text", new string('x', 300_000)), "the signal"));

        Assert.StartsWith("The value of signal 'text' is 300002 bytes", error.Message, StringComparison.Ordinal);
        Assert.True(await cluster.Field.GuardAsync(cluster.Client.SignalAsync("w", "text", "small"), "a smaller one"));
        Assert.Equal(5, await cluster.Field.GuardAsync(cluster.Client.ResultAsync<int>("w"), "the result"));
    }

    [Fact]
    public async Task Silo_PayloadsMayBeLargerThanMessagesCarry_DoesNotStart()
    {
        using IHost host = new HostBuilder().UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = 4 * 1024 * 1024);
            silo.AddSheaf(sheaf => sheaf);
        }).Build();

        OrleansConfigurationException error = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            "SheafOptions.MaxPayloadBytes is 4194304, and SiloMessagingOptions.MaxMessageBodySize is 4194304: a message carries inputs and values of at most three quarters of its size, which is 3145728 bytes. Lower the first or raise the second.",
            error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Workflow_InputAtTheLimit_Arrives(bool nested)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        // Each character three bytes, unless the serializer escapes it: then six.
        string input = new('错', (MaxMessage / 4 * 3 / 6) - 10);

        int length = await cluster.Field.GuardAsync(nested ? cluster.Client.RunAsync(Run.Workflow<TakesTextInside>(), "w", input) : cluster.Client.RunAsync(Run.Workflow<TakesText>(), "w", input), "the run");

        Assert.Equal(input.Length, length);
    }
}

public sealed record Texts(int Count, int InputsPerChild, int Length);

[Workflow("text-map")]
public sealed class TextMap : Workflow<Texts, int>
{
    public override Task<int> RunAsync(Texts input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        (await group.MapAsync("map", Run.Worker<TextWorker>(), Enumerable.Repeat(new string('x', input.Length), input.Count).ToArray(), new() { InputsPerChild = input.InputsPerChild })).Sum());
}

[Workflow("takes-text")]
public sealed class TakesText : Workflow<string, int>
{
    public override Task<int> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group => await group.Start("c", Run.Worker<TextWorker>(), input));
}

[Workflow("takes-text-inside")]
public sealed class TakesTextInside : Workflow<string, int>
{
    public override Task<int> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group => await group.Start("n", Run.Workflow<TakesText>(), input));
}

[Workflow("takes-signal")]
public sealed class TakesSignal : Workflow<int, int>
{
    public override async Task<int> RunAsync(int input, WorkflowContext workflow) => (await workflow.WaitForAsync<string>("text")).Length;
}

[Worker("text")]
public sealed class TextWorker : Worker<string, int>
{
    public override Task<int> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input.Length);
}
