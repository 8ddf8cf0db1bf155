using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Snippets;

/// <summary>What the documents show of Orleans; tests/Docs.Tests compares it, without referencing Orleans.</summary>
public sealed class ClusterSnippets
{
    [Fact]
    public async Task Registration_OfSiloAndClient_RunsAndKeepsTypes()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        InProcessTestClusterBuilder builder = new(1);
        builder.ConfigureSilo((_, silo) =>
        {
            #region cluster-silo
            silo.AddSheaf(s => s.AddWorkflow<AddUp>().AddWorker<Square>())
                .UsePostgreSqlJournal("Host=db;Database=app;Username=app");
            #endregion
            // There is no such database here.
            silo.Services.AddSheaf(s => s).UseJournal(new MemoryJournal());
        });
        builder.ConfigureClient(client =>
        {
            #region cluster-client
            client.AddSheaf(s => s.AddException((message, _) => new NotSquareException(message)));
            #endregion
        });
        await using InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        IWorkflowClient workflows = cluster.Client.ServiceProvider.GetRequiredService<IWorkflowClient>();
        Assert.Equal(25, await workflows.RunAsync(Run.Workflow<AddUp>(), "sum", [3, 4], token));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => workflows.RunAsync(Run.Workflow<AddUp>(), "failure", [-1], token));
        Assert.IsType<NotSquareException>(Assert.Single(failures.Leaves).Exception);
    }
}

/// <summary>Adds up what its workers return.</summary>
[Workflow("add-up/v1")]
public sealed class AddUp : Workflow<int[], int>
{
    public override async Task<int> RunAsync(int[] input, WorkflowContext workflow) => await workflow.GroupAsync("squares", async group =>
    {
        ChildTask<int>[] squares = [.. input.Select(number => group.Start($"square-{number}", Run.Worker<Square>(), number))];
        int sum = 0;
        foreach (ChildTask<int> square in squares) sum += await square;
        return sum;
    });
}

/// <summary>Squares what is not negative.</summary>
[Worker("square/v1")]
public sealed class Square : Worker<int, int>
{
    public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) =>
        input < 0 ? throw new NotSquareException($"{input} is no side of a square.") : Task.FromResult(input * input);
}

/// <summary>An application's own exception.</summary>
public sealed class NotSquareException(string message) : Exception(message);
