namespace Sheaf.Samples.Agent.Tools;

/// <summary>Searches the documents for terms. Fails with a <see cref="SearchException"/> where nothing is found.</summary>
[Worker("search/v1")]
public sealed class SearchTool(DocumentIndex index) : Worker<IReadOnlyList<string>, IReadOnlyList<Passage>>
{
    /// <inheritdoc/>
    public override Task<IReadOnlyList<Passage>> RunAsync(
        IReadOnlyList<string> input, WorkerContext context, CancellationToken cancellationToken) =>
        index.SearchAsync(input, cancellationToken: cancellationToken);
}
