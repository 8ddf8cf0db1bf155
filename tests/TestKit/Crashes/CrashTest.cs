namespace Sheaf.Testing;

/// <summary>Crashes a workflow at every journal write and every effect, one run for each, and checks that it comes through.</summary>
/// <remarks>
/// <para>
/// First the workflow runs undisturbed: that gives the number of its appends and effects, and its end. Then it runs once for each
/// of <see cref="CrashKind"/> at each of them, goes on after the crash on the same journal with a new host, and is checked:
/// </para>
/// <list type="bullet">
/// <item>it ends with the same value, or the same tree of failures: types, messages and paths;</item>
/// <item>the journal has one outcome a child, nothing late and nothing twice, and replays against the code;</item>
/// <item>nothing runs or waits any more that it started;</item>
/// <item>an idempotency key always means the same child, worker and input, and no fencing token comes twice.</item>
/// </list>
/// <para>
/// Time skips (<see cref="TestClock"/>), and workers and steps begin one at a time, so that each run goes the same way up to its
/// crash. So a test of twenty appends takes well under a second.
/// </para>
/// <para>
/// An effect that a crash interrupted happens again (rule D2): what workers do must stand that, or be checked by
/// <see cref="CrashTestOptions.AfterRun"/>. A child that answers its cancellation with a failure of its own may be lost in the
/// crash, and is then just cancelled: a workflow whose end depends on that failure does not end the same.
/// </para>
/// </remarks>
public static class CrashTest
{
    /// <summary>Runs the test.</summary>
    /// <typeparam name="TIn">The type of the workflow's input.</typeparam>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="workflow">The workflow: <c>Run.Workflow&lt;Order&gt;()</c>.</param>
    /// <param name="input">Its input.</param>
    /// <param name="configure">Adds the workflow, its workers and their services, anew for each host; services through <see cref="SheafBuilder.Services"/>.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>What was done, where nothing was violated.</returns>
    /// <exception cref="CrashTestException">Something was: all violations, each with its crash point.</exception>
    /// <exception cref="WorkflowStalledException">The undisturbed run waits for something that nothing will bring.</exception>
    /// <exception cref="WorkflowStuckException">The undisturbed run's code cannot go on.</exception>
    public static async Task<CrashTestReport> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, Func<SheafBuilder, SheafBuilder> configure, CrashTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        ArgumentNullException.ThrowIfNull(configure);
        options ??= new CrashTestOptions();
        CrashRun<TIn, TOut> undisturbed = new(workflow, input, configure, options, 0, null);
        await undisturbed.RunAsync().ConfigureAwait(false);
        if (undisturbed.Thrown is { } thrown) global::System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        List<CrashViolation> violations = [.. undisturbed.Violations];
        CrashPoint[] points = [.. PointsOf(undisturbed)];
        for (int i = 0; i < points.Length; i++)
        {
            CrashRun<TIn, TOut> run = new(workflow, input, configure, options, i + 1, points[i]);
            await run.RunAsync().ConfigureAwait(false);
            violations.AddRange(run.Violations);
            violations.AddRange(run.Compare(undisturbed).Select(what => new CrashViolation(points[i], what)));
        }

        if (violations.Count > 0) throw new CrashTestException(options.Id, points.Length + 1, violations);
        return new CrashTestReport
        {
            Points = points,
            Appends = undisturbed.Appends,
            Effects = undisturbed.Effects,
            Outcome = undisturbed.End,
            Recorded = undisturbed.Recorded!,
        };
    }

    private static IEnumerable<CrashPoint> PointsOf<TIn, TOut>(CrashRun<TIn, TOut> run)
    {
        foreach (CrashKind kind in Enum.GetValues<CrashKind>())
        {
            int count = kind switch
            {
                CrashKind.CrashBeforeEffect or CrashKind.CrashAfterEffect => run.Effects,
                CrashKind.CrashWhileWaiting or CrashKind.StopWhileWaiting => run.Waits,
                _ => run.Appends,
            };
            for (int number = 1; number <= count; number++) yield return new CrashPoint(kind, number);
        }
    }
}
