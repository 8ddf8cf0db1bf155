using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>An embedded host for tests, whose time skips: when workflows and workers only wait for the clock, it jumps to the next timer.</summary>
/// <remarks>
/// <para>
/// Time passes only inside <see cref="RunAsync"/>, <see cref="ResultAsync"/> and <see cref="AdvanceAsync"/>; between them, and in
/// calls of <see cref="Client"/>, it stands still. Nothing sleeps, and nothing is asked for again and again: the host knows when
/// nothing goes on in it.
/// </para>
/// <para>
/// A worker counts as waiting while it waits for a timer of the injected <see cref="TimeProvider"/>, which is the clock, or in
/// <see cref="TestClock.UntilCancelledAsync"/>. A worker that waits for anything else, such as a socket, holds the clock until it
/// has ended; one that has a timer beside it, such as a timeout, is taken to wait for that.
/// </para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed class WorkflowTestHost : IAsyncDisposable
{
    /// <summary>After so many steps (deliveries and timers) of one call the host takes it that its workflow never ends: 100,000.</summary>
    public const int MaxSteps = 100_000;

    private readonly TestProcess _process;

    private WorkflowTestHost(TestProcess process, TestClock clock, IJournal journal)
    {
        _process = process;
        Clock = clock;
        Journal = journal;
    }

    /// <summary>The clock, which is the host's <see cref="TimeProvider"/> too.</summary>
    public TestClock Clock { get; }

    /// <summary>The journal.</summary>
    public IJournal Journal { get; }

    /// <summary>The host's services.</summary>
    public IServiceProvider Services => _process.Services;

    /// <summary>The host's client. Its calls do not move the clock: one that waits for a delay waits until another call moves it.</summary>
    public IWorkflowClient Client => _process.Client;

    /// <summary>The deliveries that have begun, in that order: the effects that may have happened.</summary>
    public IReadOnlyList<DeliverySeen> Deliveries => _process.Probe.Seen;

    /// <summary>Makes a host. Workflows in its journal that have not ended are resumed by the first call.</summary>
    /// <param name="configure">Adds workflows, workers and their services: <c>s => s.AddWorkflow&lt;Order&gt;()</c>; services through <see cref="SheafBuilder.Services"/>.</param>
    /// <param name="options">What it stands on; <see langword="null"/> for the defaults.</param>
    public static WorkflowTestHost Create(Func<SheafBuilder, SheafBuilder> configure, WorkflowTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        TestClock clock = options?.Clock ?? new TestClock();
        IJournal journal = options?.Journal ?? new MemoryJournal();
        return new WorkflowTestHost(new TestProcess(configure, journal, clock, options?.SideBySide ?? false), clock, journal);
    }

    /// <summary>Starts a workflow, if need be, skips its waits, and returns its value.</summary>
    /// <typeparam name="TIn">The type of its input.</typeparam>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="workflow">What to run.</param>
    /// <param name="id">Its id.</param>
    /// <param name="input">Its input.</param>
    /// <exception cref="ExceptionGroup">The workflow failed: all its failures.</exception>
    /// <exception cref="OperationCanceledException">The workflow was cancelled.</exception>
    /// <exception cref="WorkflowStuckException">Its code cannot go on.</exception>
    /// <exception cref="WorkflowStalledException">It waits for something that nothing will bring, such as a signal.</exception>
    public async Task<TOut> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input)
    {
        // Resumes first: afterwards the start is under way when the call returns, and the host is not taken to be idle.
        await _process.Host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        Task<bool> start = Client.StartAsync(workflow, id, input);
        Task<TOut> result = ResultAfterAsync<TOut>(start, id);
        await _process.DriveAsync(result, id).ConfigureAwait(false);
        return await result.ConfigureAwait(false);
    }

    /// <summary>Skips a started workflow's waits, and returns its value.</summary>
    /// <typeparam name="TOut">The type of its value.</typeparam>
    /// <param name="id">Its id.</param>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    /// <inheritdoc cref="RunAsync" path="/exception"/>
    public async Task<TOut> ResultAsync<TOut>(WorkflowId id)
    {
        await _process.Host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        Task<TOut> result = Client.ResultAsync<TOut>(id);
        await _process.DriveAsync(result, id).ConfigureAwait(false);
        return await result.ConfigureAwait(false);
    }

    /// <summary>Lets time pass: fires what is due in it, each at its instant, and returns when everything that came of it waits again.</summary>
    /// <param name="by">How much. Zero lets run what can run without the clock: then the workflow waits for the signal that the test is about to send.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    /// <exception cref="WorkflowStalledException">There are more than <see cref="MaxSteps"/> things to do in it.</exception>
    public async Task AdvanceAsync(TimeSpan by = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset instant = Clock.GetUtcNow() + by;
        await _process.Host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        await _process.DriveToAsync(instant).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the host as a crash does: nothing of it is journaled any more, and its timers never fire. Go on with another host on
    /// the same <see cref="Journal"/> and <see cref="Clock"/>. Disposal is the same.
    /// </summary>
    public Task CrashAsync() => _process.KillAsync();

    /// <summary>Ends the host. Workers see their tokens signalled; those that neither heed them nor end otherwise are waited for, unless they wait for the clock.</summary>
    public async ValueTask DisposeAsync() => await _process.DisposeAsync().ConfigureAwait(false);

    private async Task<TOut> ResultAfterAsync<TOut>(Task<bool> start, WorkflowId id)
    {
        await start.ConfigureAwait(false);
        return await Client.ResultAsync<TOut>(id).ConfigureAwait(false);
    }
}
