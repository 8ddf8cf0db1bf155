using Microsoft.Extensions.DependencyInjection;

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
}
