using System.Net;
using System.Threading.Channels;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Samples.Agent.Answering;

/// <summary>
/// Lets a language model write the answer, in a task group of two children: one asks the model, the other reads along and shows what may
/// be shown. When the second objects it fails, and fail-fast stops the model in the middle of its stream.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="standIn">Answers where <paramref name="model"/> has failed for good; null where there is nothing better to offer.</param>
/// <param name="forbidden">Terms that no answer may contain.</param>
/// <param name="progress">Is given the answer.</param>
/// <param name="timeProvider">The clock of retries and of the deadline.</param>
public sealed class AnswerStage(
    ILanguageModel model,
    ILanguageModel? standIn,
    IReadOnlyCollection<string> forbidden,
    AnswerProgress progress,
    TimeProvider timeProvider)
{
    /// <summary>How long an answer may take, retries included.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Writes the answer.</summary>
    /// <returns>What failed on the way, as children called <c>answer</c> and <c>stand-in</c>; empty where nothing did.</returns>
    /// <exception cref="OperationCanceledException">The token was signalled. What was shown stays.</exception>
    public async Task<IReadOnlyList<Failure>> RunAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        if (await TryAsync("answer", model, request, cancellationToken) is not { } failed) return [];
        Failure first = Failure.From(failed).At("answer");
        // A stand-in would be stopped by the same rule, or answer what another was stopped from answering.
        if (standIn is null || ExceptionGroup.From(failed).Contains<ComplianceException>()) return [first];

        if (progress.Snapshot.Answer.Length > 0) progress.Append("\n\n");
        request = request with { Missing = [.. request.Missing, $"{model.Name}: {Summary(failed)}"] };
        Exception? second = await TryAsync("stand-in", standIn, request, cancellationToken);
        return second is null ? [first] : [first, Failure.From(second).At("stand-in")];
    }

    private async Task<Exception?> TryAsync(string name, ILanguageModel asked, ModelRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await StreamAsync(name, asked, request, cancellationToken);
            return null;
        }
        catch (Exception failed) when (failed is ExceptionGroup or DeadlineExceededException)
        {
            // An interrupted request may fail as anything. It is no reason to ask somebody else.
            cancellationToken.ThrowIfCancellationRequested();
            return failed;
        }
    }

    private async Task StreamAsync(string name, ILanguageModel asked, ModelRequest request, CancellationToken cancellationToken)
    {
        // Bounded: a model that writes faster than the check reads has to wait.
        var pieces = Channel.CreateBounded<string>(16);
        bool begun = false;
        await TaskGroup.RunAsync(
            group =>
            {
                _ = group.Start("answer", AskAsync, new ChildOptions { Retry = Retry(() => !begun) });
                _ = group.Start("compliance", ReadAlongAsync);
                return Task.CompletedTask;
            },
            new TaskGroupOptions { Name = name, Deadline = Deadline, TimeProvider = timeProvider },
            cancellationToken);

        async Task AskAsync(CancellationToken token)
        {
            await foreach (string piece in asked.AnswerAsync(request, token))
            {
                begun = true;
                await pieces.Writer.WriteAsync(piece, token);
            }

            if (!begun) throw new InvalidDataException($"{asked.Name} ended its answer before the first word.");
            pieces.Writer.Complete();
        }

        async Task ReadAlongAsync(CancellationToken token)
        {
            var check = new ComplianceCheck(forbidden);
            await foreach (string free in check.WatchAsync(pieces.Reader.ReadAllAsync(token), token)) progress.Append(free);
        }
    }

    // Only before the first piece: a second attempt would begin the answer again, below half of the first. A failure that is a group,
    // from a model that asks several endpoints, say, is worth another attempt only if every failure in it is.
    private static RetryPolicy Retry(Func<bool> nothingWritten) =>
        new RetryPolicy { MaxAttempts = 3, When = failure => nothingWritten() && IsTransient(failure) }.On<HttpRequestException>();

    private static bool IsTransient(Exception failure) => failure is HttpRequestException
    {
        StatusCode: null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError,
    };

    private static string Summary(Exception failed) =>
        string.Join("; ", ExceptionGroup.From(failed).Leaves.Select(leaf => leaf.Exception.Message));
}
