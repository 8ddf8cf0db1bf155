namespace Sheaf.Samples.Agent.Model;

/// <summary>Writes an answer from what the tools found.</summary>
public interface ILanguageModel
{
    /// <summary>The model's name, for people.</summary>
    string Name { get; }

    /// <summary>
    /// The answer, in pieces as they are written. Cancellation ends the stream with an <see cref="OperationCanceledException"/>.
    /// </summary>
    IAsyncEnumerable<string> AnswerAsync(ModelRequest request, CancellationToken cancellationToken);
}
