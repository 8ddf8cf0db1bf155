using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Sheaf.Docs.Tests.Snippets;

#region workflow
[Workflow("answer-question/v1")]
public sealed class AnswerQuestion : Workflow<Question, Answer>
{
    public override Task<Answer> RunAsync(Question question, WorkflowContext workflow) =>
        workflow.GroupAsync("tools", async group =>
        {
            ChildTask<string[]> hits = group.Start(Run.Worker<SearchTool>(), question.Text);   // types are inferred
            ChildTask<decimal> value = group.Start(Run.Worker<CalculatorTool>(), question.Expression);
            return new Answer(await hits, await value);
        });
}

[Worker("search/v1")]
public sealed class SearchTool(IDocumentIndex index) : Worker<string, string[]>
{
    public override Task<string[]> RunAsync(string query, WorkerContext context, CancellationToken cancellationToken) =>
        index.SearchAsync(query, cancellationToken);
}
#endregion

[Worker("calculator/v1")]
public sealed class CalculatorTool : Worker<string, decimal>
{
    public override Task<decimal> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) =>
        Task.FromResult(decimal.Parse(input, System.Globalization.CultureInfo.InvariantCulture));
}

public sealed record Question(string Text, string Expression);

public sealed record Answer(string[] Hits, decimal Value);

#region lasting
[Workflow("subscription/v1")]
public sealed class Subscription : Workflow<Month, string>
{
    public override async Task<string> RunAsync(Month month, WorkflowContext workflow)
    {
        await workflow.GroupAsync("bill", async group => await group.Start(Run.Workflow<Bill>(), month));   // a workflow of its own, started once

        string? reason = null;
        await workflow.GroupAsync("until next month", async group => { reason = await group.WaitForAsync<string>("end"); }, new() { MoveOnAfter = TimeSpan.FromDays(30) });
        if (reason is not null) return $"ended in month {month.Number}: {reason}";
        return await ContinueAsNewAsync(month with { Number = month.Number + 1 }, workflow);   // the same id, an empty journal
    }
}
#endregion

#region ready-worker
[Workflow("run-tests/v1")]
public sealed class RunTests : Workflow<string, string>
{
    public override async Task<string> RunAsync(string repository, WorkflowContext workflow)
    {
        string report = "";
        await workflow.GroupAsync("sandbox", async group =>
        {
            Uri shell = await group.StartAsync(Run.Worker<Sandbox>(), repository);   // ready, and it goes on
            report = await group.Start(Run.Worker<RunCommand>(), new Command(shell, "dotnet test"));
            group.Cancel("done");                                                    // the sandbox ends with its group
        });
        return report;
    }
}

[Worker("sandbox/v1")]
public sealed class Sandbox(ISandboxes sandboxes) : ReadyWorker<string, Uri, int>
{
    public override async Task<int> RunAsync(string repository, ReadyWorkerContext<Uri> context, CancellationToken cancellationToken)
    {
        await using ISandbox sandbox = await sandboxes.CreateAsync(repository, cancellationToken);
        await context.ReadyAsync(sandbox.Shell);
        return await sandbox.WaitForExitAsync(cancellationToken);
    }
}
#endregion

public sealed record Command(Uri Shell, string Line);

[Worker("run-command/v1")]
public sealed class RunCommand : Worker<Command, string>
{
    public override Task<string> RunAsync(Command input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult($"{input.Line} in {input.Shell}");
}

public interface ISandboxes
{
    Task<ISandbox> CreateAsync(string repository, CancellationToken cancellationToken);
}

public interface ISandbox : IAsyncDisposable
{
    Uri Shell { get; }

    Task<int> WaitForExitAsync(CancellationToken cancellationToken);
}

/// <summary>Sandboxes that are disposed of with their children.</summary>
public sealed class TinySandboxes : ISandboxes
{
    public List<string> Disposed { get; } = [];

    public Task<ISandbox> CreateAsync(string repository, CancellationToken cancellationToken) => Task.FromResult<ISandbox>(new Tiny(repository, this));

    private sealed class Tiny(string repository, TinySandboxes all) : ISandbox
    {
        public Uri Shell => new($"shell:{repository}");

        public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }

        public ValueTask DisposeAsync()
        {
            all.Disposed.Add(repository);
            return ValueTask.CompletedTask;
        }
    }
}

#region pages
[Workflow("reprice/v1")]
public sealed class Reprice : Workflow<string, PagedMapSummary>
{
    public override Task<PagedMapSummary> RunAsync(string catalog, WorkflowContext workflow) =>
        workflow.GroupAsync("reprice", async group => await group.MapPagesAsync(
            Run.Worker<ReadCatalog>(), catalog, Run.Worker<RepriceItem>(), new() { Policy = GroupPolicy.Settle, MaxConcurrency = 200 }));
}

[Worker("read-catalog/v1")]
public sealed class ReadCatalog(ICatalog catalogs) : Worker<MapPageRequest<string>, MapPage<int>>
{
    public override async Task<MapPage<int>> RunAsync(MapPageRequest<string> request, WorkerContext context, CancellationToken cancellationToken)
    {
        (int[] items, string? next) = await catalogs.ListAsync(request.Source, request.Cursor, cancellationToken);
        return new MapPage<int>(items, next);
    }
}
#endregion

[Worker("reprice-item/v1")]
public sealed class RepriceItem : Worker<int, decimal>
{
    public override Task<decimal> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) =>
        input % 100 == 99 ? throw new FormatException($"item {input} has no price") : Task.FromResult(input * 1.1m);
}

public interface ICatalog
{
    Task<(int[] Items, string? Next)> ListAsync(string catalog, string? cursor, CancellationToken cancellationToken);
}

/// <summary>Three pages of a hundred items.</summary>
public sealed class TinyCatalog : ICatalog
{
    public Task<(int[] Items, string? Next)> ListAsync(string catalog, string? cursor, CancellationToken cancellationToken)
    {
        int first = int.Parse(cursor ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        return Task.FromResult((Enumerable.Range(first, 100).ToArray(), first < 200 ? $"{first + 100}" : null));
    }
}

[Workflow("bill/v1")]
public sealed class Bill : Workflow<Month, int>
{
    public override Task<int> RunAsync(Month input, WorkflowContext workflow) => Task.FromResult(input.Number);
}

public sealed record Month(string Customer, int Number);

public interface IDocumentIndex
{
    Task<string[]> SearchAsync(string query, CancellationToken cancellationToken);
}

public sealed class TinyIndex : IDocumentIndex
{
    public Task<string[]> SearchAsync(string query, CancellationToken cancellationToken) => Task.FromResult<string[]>([$"about {query}"]);
}

/// <summary>The README's workflow, run on the embedded host.</summary>
public sealed class WorkflowSnippets
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadyWorker()
    {
        TinySandboxes sandboxes = new();
        ServiceCollection services = new();
        services.AddSingleton<ISandboxes>(sandboxes);
        services.AddSheaf(s => s.AddWorkflow<RunTests>().AddWorker<Sandbox>().AddWorker<RunCommand>()).UseEmbedded();
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal("dotnet test in shell:sheaf", await provider.GetRequiredService<IWorkflowClient>().RunAsync(Run.Workflow<RunTests>(), "run-tests-1", "sheaf", cancellationToken));
        Assert.Equal(["sheaf"], sandboxes.Disposed);
    }

    [Fact]
    public async Task Pages()
    {
        ServiceCollection services = new();
        services.AddSingleton<ICatalog, TinyCatalog>();
        services.AddSheaf(s => s.AddWorkflow<Reprice>().AddWorker<ReadCatalog>().AddWorker<RepriceItem>()).UseEmbedded();
        await using ServiceProvider provider = services.BuildServiceProvider();
        IWorkflowClient client = provider.GetRequiredService<IWorkflowClient>();
        PagedMapSummary summary = await client.RunAsync(Run.Workflow<Reprice>(), "reprice-1", "spring", cancellationToken);
        Assert.Equal((3, 297L, 3L), (summary.Pages, summary.Succeeded, summary.Failed));
        List<string> report = [];
        #region read-pages
        await foreach (MapPageOutcomes<decimal> page in client.ReadMapAsync<decimal>(summary.Workflow, cancellationToken: cancellationToken))
            foreach (MapOutcome<decimal> item in page.Outcomes.Where(item => !item.IsSuccess)) report.Add($"page {page.Page}, item {item.Place}: {item.Exception?.Message}");
        #endregion
        Assert.Equal(["page 0, item 99: item 99 has no price", "page 1, item 99: item 199 has no price", "page 2, item 99: item 299 has no price"], report);
    }

    [Fact]
    public async Task Embedded()
    {
        #region embedded
        ServiceCollection services = new();
        services.AddSingleton<IDocumentIndex, TinyIndex>();
        services.AddSheaf(s => s.AddWorkflow<AnswerQuestion>().AddWorker<SearchTool>().AddWorker<CalculatorTool>()).UseEmbedded();

        await using ServiceProvider provider = services.BuildServiceProvider();
        IWorkflowClient client = provider.GetRequiredService<IWorkflowClient>();
        Answer answer = await client.RunAsync(Run.Workflow<AnswerQuestion>(), "question-17", new Question("sheaves", "6.5"), cancellationToken);
        #endregion
        Assert.Equal(6.5m, answer.Value);
        Assert.Equal(["about sheaves"], answer.Hits);

        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(
            () => client.RunAsync(Run.Workflow<AnswerQuestion>(), "question-18", new Question("sheaves", "six"), cancellationToken));
        Assert.True(failures.Contains<FormatException>());
    }

    [Fact]
    public async Task Options()
    {
        ServiceCollection services = new();
        #region options
        services.AddSheaf(s => s.AddWorkflow<Bill>().UseOptions(new SheafOptions { IdleTimeout = TimeSpan.FromMinutes(10) })).UseEmbedded();
        #endregion
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(TimeSpan.FromMinutes(10), provider.GetRequiredService<SheafOptions>().IdleTimeout);
    }

    [Fact]
    public async Task Lasting()
    {
        FakeTimeProvider time = new();
        await using ServiceProvider provider = new ServiceCollection()
            .AddSheaf(s => s.AddWorkflow<Subscription>().AddWorkflow<Bill>().UseTimeProvider(time))
            .UseEmbedded()
            .BuildServiceProvider();
        IWorkflowClient client = provider.GetRequiredService<IWorkflowClient>();
        await client.StartAsync(Run.Workflow<Subscription>(), "subscription-7", new Month("Ada", 1), cancellationToken);
        int months = 0;
        await foreach (WorkflowEvent seen in client.WatchAsync("subscription-7", cancellationToken))
        {
            if (seen is not { Kind: WorkflowEventKind.ChildStarted, Path: [.., "end"] }) continue;
            if (++months == 1) time.Advance(TimeSpan.FromDays(30));
            else await client.SignalAsync("subscription-7", "end", "moved away", cancellationToken: cancellationToken);
        }

        Assert.Equal("ended in month 2: moved away", await client.ResultAsync<string>("subscription-7", cancellationToken));
    }
}
