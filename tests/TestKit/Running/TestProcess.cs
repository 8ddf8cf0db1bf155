using Microsoft.Extensions.DependencyInjection;
using Sheaf.Embedded;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>One embedded host on a journal and a clock that outlive it, as a process would be.</summary>
internal sealed class TestProcess : IAsyncDisposable
{
    private readonly TestClock _clock;
    private readonly ProcessClock _time;
    private readonly SemaphoreSlim _stepping = new(1, 1);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isGone;

    public TestProcess(Func<SheafBuilder, SheafBuilder> configure, IJournal journal, TestClock clock, bool isSideBySide)
    {
        _clock = clock;
        _time = new ProcessClock(clock);
        Probe = new TestProbe(isSideBySide);
        Journal = new ProcessJournal(journal);
        ServiceCollection services = new();
        services.AddSingleton<TimeProvider>(_time);
        services.AddSingleton<IHostProbe>(Probe);
        services.AddSheaf(configure).UseEmbedded(Journal);
        Services = services.BuildServiceProvider();
        Host = Services.GetRequiredService<EmbeddedHost>();
        Client = Services.GetRequiredService<IWorkflowClient>();
    }

    public TestProbe Probe { get; }

    public ProcessJournal Journal { get; }

    public ServiceProvider Services { get; }

    public EmbeddedHost Host { get; }

    public IWorkflowClient Client { get; }

    /// <summary>Completes when the host has been told to be gone.</summary>
    public Task WhenGone => _gone.Task;

    /// <summary>
    /// Drives the host until a task has ended: whenever it only waits, lets the next delivery begin, or does what is given, or
    /// moves the clock to the next timer.
    /// </summary>
    /// <param name="until">The task. Its failure is its own.</param>
    /// <param name="workflow">The workflow that it waits for.</param>
    /// <param name="step">What to do before the clock is moved; gives whether it did anything.</param>
    /// <exception cref="WorkflowStalledException">Nothing runs, nothing is due, and the task has not ended.</exception>
    public async Task DriveAsync(Task until, WorkflowId workflow, Func<Task<bool>>? step = null)
    {
        for (int steps = 0; !until.IsCompleted; steps++)
        {
            await Task.WhenAny(until, Probe.Activity.WhenIdle()).ConfigureAwait(false);
            await _stepping.WaitAsync().ConfigureAwait(false);
            try
            {
                if (until.IsCompleted || !Probe.Activity.IsIdle) continue;
                // What waits for its end is on its way to it. One that has left memory has not ended.
                if (Host.Workflows.Find(workflow) is null or { WhenEnded.IsCompleted: true } && !Host.Workflows.IsAway(workflow)) break;
                if (await TryGoOnAsync(step).ConfigureAwait(false) && steps < WorkflowTestHost.MaxSteps) continue;
                if (!until.IsCompleted) throw await StalledAsync(workflow, steps).ConfigureAwait(false);
            }
            finally
            {
                _stepping.Release();
            }
        }

        await until.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Drives the host until all that is left to do is due later than an instant.</summary>
    public async Task DriveToAsync(DateTimeOffset instant)
    {
        for (int steps = 0; steps < WorkflowTestHost.MaxSteps; steps++)
        {
            await Probe.Activity.WhenIdle().ConfigureAwait(false);
            await _stepping.WaitAsync().ConfigureAwait(false);
            try
            {
                if (!Probe.Activity.IsIdle || Probe.TryRelease() || await TryFireAsync(instant).ConfigureAwait(false)) continue;
                _clock.MoveTo(instant);
                return;
            }
            finally
            {
                _stepping.Release();
            }
        }

        throw new WorkflowStalledException($"After {WorkflowTestHost.MaxSteps} steps there is still something to do before {instant:u}.");
    }

    /// <summary>Asks the host to stop in order, and drives it until nothing of it goes on by itself any more.</summary>
    public async Task StopAsync()
    {
        Task stopped = Host.StopAsync(CancellationToken.None);
        while (!stopped.IsCompleted)
        {
            await Task.WhenAny(stopped, Probe.Activity.WhenIdle()).ConfigureAwait(false);
            // A worker that ignores its token keeps a host waiting; what it had to say it has said by now.
            if (Probe.Activity.IsIdle && !Probe.TryRelease()) break;
        }
    }

    /// <summary>Ends the host as a crash does: nothing of it is journaled any more, its timers never fire, its workers are signalled.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _isGone, 1) == 0)
        {
            Journal.Kill();
            // Signals the stop, and waits for nothing: what comes to an end is waited for below.
            await Host.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            Probe.Kill();
            _gone.SetResult();
        }

        while (!Probe.Activity.IsIdle) await Probe.Activity.WhenIdle().ConfigureAwait(false);
        _clock.Forget(_time);
        // A worker that ignores its token and waits for the clock is never heard of again, as in a process that is gone. Its
        // services go with it.
        if (Probe.Running.Count == 0) await Services.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        _stepping.Dispose();
    }

    private async Task<bool> TryGoOnAsync(Func<Task<bool>>? step) =>
        Probe.TryRelease() || (step is not null && await step().ConfigureAwait(false)) || await TryFireAsync(DateTimeOffset.MaxValue - TimeSpan.FromDays(1)).ConfigureAwait(false);

    private async Task<bool> TryFireAsync(DateTimeOffset by)
    {
        if (_clock.TakeNext(_time, by) is not { } timer) return false;
        Probe.Enter();
        try
        {
            // On the thread pool: what goes on inline must not find the test's own synchronization context.
            await Task.Run(timer.Fire).ConfigureAwait(false);
        }
        finally
        {
            Probe.Leave();
        }

        return true;
    }

    private async Task<WorkflowStalledException> StalledAsync(WorkflowId workflow, int steps)
    {
        if (steps >= WorkflowTestHost.MaxSteps) return new WorkflowStalledException($"Workflow '{workflow}' has not ended after {steps} steps: does something wait again and again?");
        WorkflowDescription? description = await Client.DescribeAsync(workflow).ConfigureAwait(false);
        string waits = description is null ? "It was never started." : $"It waits for: {string.Join(", ", OpenChildren(description.Children, "").DefaultIfEmpty("nothing that the host knows of"))}.";
        return new WorkflowStalledException(
            $"Workflow '{workflow}' cannot go on: nothing runs, and no timer is due. {waits} Send the signal before you ask for the result (in a crash test: CrashTestOptions.WhenWaiting), or let workers that wait use TestClock.");
    }

    private static IEnumerable<string> OpenChildren(IReadOnlyList<ChildDescription> children, string path)
    {
        foreach (ChildDescription child in children.Where(child => child.Outcome is null))
        {
            string[] inner = [.. OpenChildren(child.Children, $"{path}{child.Name}/")];
            if (inner.Length == 0) yield return $"{child.Kind} '{path}{child.Name}'";
            foreach (string name in inner) yield return name;
        }
    }
}
