using Sheaf.Samples.Agent.Model;

namespace Sheaf.Samples.Tests.Agent;

/// <summary>A model that a test writes.</summary>
internal sealed class FakeModel(Func<ModelRequest, CancellationToken, IAsyncEnumerable<string>> answer) : ILanguageModel
{
    public string Name => "fake";

    public IAsyncEnumerable<string> AnswerAsync(ModelRequest request, CancellationToken cancellationToken) => answer(request, cancellationToken);
}
