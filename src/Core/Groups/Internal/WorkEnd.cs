namespace Sheaf;

/// <summary>How a piece of work ended, judged where it ran (rule R4).</summary>
/// <param name="Kind">Succeeded, failed or cancelled.</param>
/// <param name="Errors">What left it, where it failed; more than one for <c>Task.WhenAll</c> and its like.</param>
internal readonly record struct WorkEnd(OutcomeKind Kind, IReadOnlyList<Exception> Errors)
{
    public static WorkEnd Succeeded => new(OutcomeKind.Succeeded, []);

    public static WorkEnd Cancelled => new(OutcomeKind.Cancelled, []);

    /// <summary>What the work failed with as one exception: itself, or a group where several left it.</summary>
    public Exception? Error(string name) => Errors.Count switch
    {
        0 => null,
        1 => Errors[0],
        _ => new ExceptionGroup(name, Errors),
    };

    public static WorkEnd Failed(params IReadOnlyList<Exception> errors) => new(OutcomeKind.Failed, errors);

    /// <summary>
    /// Judges a finished task. Its status alone would not do: an async method turns every
    /// <see cref="OperationCanceledException"/> into Canceled, also one that nobody here asked for.
    /// </summary>
    public static WorkEnd Of(Task task, bool cancellationRequested, Func<Exception, bool>? isCancellation)
    {
        if (task.IsCompletedSuccessfully) return Succeeded;
        if (task.IsCanceled) return cancellationRequested ? Cancelled : Failed(ExceptionOfCancelled(task));
        return Of(task.Exception!.InnerExceptions, cancellationRequested, isCancellation);
    }

    /// <summary>Judges what was thrown before there was a task.</summary>
    public static WorkEnd Of(Exception thrown, bool cancellationRequested, Func<Exception, bool>? isCancellation) =>
        Of([thrown], cancellationRequested, isCancellation);

    /// <summary>Judges what left the work, however it did.</summary>
    public static WorkEnd Of(IReadOnlyList<Exception> errors, bool cancellationRequested, Func<Exception, bool>? isCancellation)
    {
        if (!cancellationRequested) return Failed(errors);
        try
        {
            return errors.All(error => IsCancellation(error, isCancellation)) ? Cancelled : Failed(errors);
        }
        catch (Exception predicateError)
        {
            return Failed([.. errors, predicateError]);
        }
    }

    /// <summary>An aggregate is cancellation if all its leaves are: <c>.Wait()</c> on a cancelled task throws one.</summary>
    private static bool IsCancellation(Exception error, Func<Exception, bool>? predicate) =>
        GroupTree.Leaves(error).All(leaf => leaf is OperationCanceledException || (predicate is not null && predicate(leaf)));

    /// <summary>A cancelled task keeps its exception to itself until somebody asks by throwing.</summary>
    private static OperationCanceledException ExceptionOfCancelled(Task task)
    {
        try
        {
            task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException exception)
        {
            return exception;
        }

        throw new InvalidOperationException("A task was cancelled and did not say so.");
    }
}
