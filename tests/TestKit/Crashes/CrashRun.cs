using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>One run of a crash test: a host that goes wrong at one point, and the one that goes on after it.</summary>
internal sealed class CrashRun<TIn, TOut>(
    IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, Func<SheafBuilder, SheafBuilder> configure, CrashTestOptions options, int number, CrashPoint? point)
{
    /// <summary>Only against hanging: whether an answer is lost, or a client's call takes its time, nobody else can tell.</summary>
    private static readonly TimeSpan ActionGuard = TimeSpan.FromSeconds(60);

    private readonly MemoryJournal _memory = new();
    private readonly TestClock _clock = new();
    private readonly List<DeliverySeen> _deliveries = [];
    private readonly List<CrashViolation> _violations = [];
    private int _actionsDone;

    // Whether a child was lost that was ready: nothing brings that back, so that the code cannot go on as undisturbed.
    private bool _hasLostReady;

    public IReadOnlyList<CrashViolation> Violations => _violations;

    public int Appends { get; private set; }

    public int Effects { get; private set; }

    public int Waits { get; private set; }

    /// <summary>How the workflow ended, as text.</summary>
    public string End { get; private set; } = "was not started";

    /// <summary>What the last host's client threw that says nothing of the workflow's own end.</summary>
    public Exception? Thrown { get; private set; }

    public RecordedWorkflow? Recorded { get; private set; }

    public async Task RunAsync()
    {
        IJournal journal = Open();
        TestProcess first = new(configure, journal, _clock, isSideBySide: false);
        Fault fault = new(point);
        fault.Arm(first);
        await DriveAsync(first, fault).ConfigureAwait(false);
        (Appends, Effects, Waits) = (first.Journal.Appends, first.Probe.Seen.Count, fault.Waits);
        if (point is not null && !fault.WasReached) Violate("the run ended before this point: the workflow does not go the same way each time. Does something depend on chance, on the machine's clock, or on what an earlier run left behind?");
        if (fault.TakesOver)
        {
            TestProcess second = new(configure, journal, _clock, isSideBySide: false);
            fault.ArmTakeover(first, second);
            await DriveAsync(second, new Fault(null)).ConfigureAwait(false);
            await fault.ComeBackAsync().ConfigureAwait(false);
            if (fault.WasAccepted) Violate("an append of the owner that had lost the workflow was accepted (D5)");
            await first.Probe.Activity.WhenIdle().ConfigureAwait(false);
            await EndAsync(first, mayHaveOrphans: true).ConfigureAwait(false);
            await EndAsync(second, mayHaveOrphans: false).ConfigureAwait(false);
        }
        else
        {
            if (fault.StopsInOrder) await first.StopAsync().ConfigureAwait(false);
            await EndAsync(first, mayHaveOrphans: fault.IsCrash).ConfigureAwait(false);
            if (fault is { IsCrash: true, WasReached: true })
            {
                await CloseAsync(journal).ConfigureAwait(false);
                journal = Open();
                TestProcess second = new(configure, journal, _clock, isSideBySide: false);
                await DriveAsync(second, new Fault(null)).ConfigureAwait(false);
                await EndAsync(second, mayHaveOrphans: false).ConfigureAwait(false);
            }
        }

        await CheckAsync(journal).ConfigureAwait(false);
        await CloseAsync(journal).ConfigureAwait(false);
    }

    /// <summary>What is not as in the undisturbed run.</summary>
    public IEnumerable<string> Compare(CrashRun<TIn, TOut> undisturbed)
    {
        if (End != undisturbed.End) yield return $"it ended otherwise.\n  undisturbed: {undisturbed.End}\n  after this: {End}";
        // A key is a place in the code's way, and that of code which begins anew is another from there on.
        if (_hasLostReady) yield break;
        Dictionary<string, DeliverySeen> byKey = undisturbed._deliveries.DistinctBy(seen => seen.IdempotencyKey).ToDictionary(seen => seen.IdempotencyKey);
        foreach (DeliverySeen seen in _deliveries)
        {
            if (byKey.TryGetValue(seen.IdempotencyKey, out DeliverySeen? there) && !IsSameChild(seen, there))
                yield return $"the idempotency key '{seen.IdempotencyKey}' means child '{seen.Child}' ({seen.Worker} {seen.Input}), and undisturbed child '{there.Child}' ({there.Worker} {there.Input})";
        }
    }

    /// <summary>Starts the workflow, as a client would again after a crash, and drives the host to the workflow's end or to its fault.</summary>
    private async Task DriveAsync(TestProcess process, Fault fault)
    {
        try
        {
            await process.Host.StartAsync(CancellationToken.None).ConfigureAwait(false);
            Task<bool> start = process.Client.StartAsync(workflow, options.Id, input);
            // Who waits for the result keeps the workflow in memory: before that it might leave, or not, as chance has it.
            await Task.WhenAny(start, fault.WhenHit).ConfigureAwait(false);
            Task result = ResultAsync(process, start);
            Task until = Task.WhenAny(result, fault.WhenHit);
            await process.DriveAsync(until, options.Id, () => WhenWaitingAsync(process, fault, until)).ConfigureAwait(false);
            if (fault.WhenHit.IsCompleted) return;
            await result.ConfigureAwait(false);
        }
        catch (Exception error) when (error is ExceptionGroup or OperationCanceledException)
        {
            // An end like others: the journal says which.
        }
        catch (Exception error)
        {
            Thrown = error;
            Violate(error is WorkflowStalledException ? error.Message : error.ToString());
        }
    }

    private async Task ResultAsync(TestProcess process, Task<bool> start)
    {
        await start.ConfigureAwait(false);
        await process.Client.ResultAsync<TOut>(options.Id).ConfigureAwait(false);
    }

    private async Task<bool> WhenWaitingAsync(TestProcess process, Fault fault, Task until)
    {
        // It completes a little after the hit: the host must not be driven on meanwhile.
        if (fault.OnWaiting())
        {
            await until.ConfigureAwait(false);
            return true;
        }

        if (_actionsDone == options.WhenWaiting.Count) return false;
        Task action = options.WhenWaiting[_actionsDone](process.Client, options.Id);
        Task first = await Task.WhenAny(action, fault.WhenHit, Task.Delay(ActionGuard, TimeProvider.System)).ConfigureAwait(false);
        if (first != action && first != fault.WhenHit) throw new TimeoutException($"Call {_actionsDone + 1} of {nameof(CrashTestOptions.WhenWaiting)} was not answered within {ActionGuard}.");
        // Interrupted, it is made again at the next host, whether it had been heard or not.
        if (fault.WhenHit.IsCompleted)
        {
            await until.ConfigureAwait(false);
            return true;
        }

        await action.ConfigureAwait(false);
        _actionsDone++;
        return true;
    }

    private async Task EndAsync(TestProcess process, bool mayHaveOrphans)
    {
        if (!mayHaveOrphans)
        {
            await process.Probe.Activity.WhenIdle().ConfigureAwait(false);
            foreach (DeliverySeen orphan in process.Probe.Running) Violate($"child '{orphan.Child}' ({orphan.IdempotencyKey}) still runs after the workflow's end (R1)");
        }

        _deliveries.AddRange(process.Probe.Seen);
        await process.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CheckAsync(IJournal journal)
    {
        if (await journal.FindAsync(options.Id).ConfigureAwait(false) is null)
        {
            Violate("the workflow is not in the journal");
            return;
        }

        Recorded = await RecordedWorkflow.ExportAsync(journal, options.Id).ConfigureAwait(false);
        WorkflowState state = new(options.Id);
        foreach (string wrong in JournalChecks.Check(state, Recorded.Entries)) Violate(wrong);
        End = EndText.Of(state);
        _hasLostReady = await HasLostReadyAsync(journal).ConfigureAwait(false);
        if (state.HasEnded && Recorded.Header.Status != Descriptions.StatusOf(state)) Violate($"the journal's header says {Recorded.Header.Status}, its entries say {Descriptions.StatusOf(state)}");
        if ((await ReplayTest.RunAsync(Recorded, configure).ConfigureAwait(false)).Difference is { } difference) Violate($"the journal does not replay: {difference}");
        CheckDeliveries();
        if (options.AfterRun is { } afterRun)
        {
            try
            {
                await afterRun(number).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                Violate($"the test's own check failed: {error.Message}");
            }
        }
    }

    /// <summary>Also of workflows inside; of one that continued as new, its last run.</summary>
    private async Task<bool> HasLostReadyAsync(IJournal journal)
    {
        await foreach (WorkflowHeader header in journal.ListAsync().ConfigureAwait(false))
        {
            if (!header.Id.Value.StartsWith(options.Id.Value, StringComparison.Ordinal)) continue;
            WorkflowState state = new(header.Id);
            NoEffects nothing = new();
            foreach (JournalEntry entry in (await JournalReading.ReadRunAsync(journal, header.Id, CancellationToken.None).ConfigureAwait(false)).Entries) Transitions.Apply(state, entry, nothing);
            if (state.Scopes.SelectMany(scope => scope.Children).Any(child => child is { IsReady: true, Result.Failure.TypeName: { } type } && type == typeof(WorkerLostException).FullName)) return true;
        }

        return false;
    }

    private void CheckDeliveries()
    {
        foreach (IGrouping<string, DeliverySeen> key in _deliveries.GroupBy(seen => seen.IdempotencyKey))
        {
            DeliverySeen[] seen = [.. key];
            if (seen.Any(other => !IsSameChild(other, seen[0]))) Violate($"the idempotency key '{key.Key}' means several children: {string.Join(", ", seen.Select(other => other.Child).Distinct(StringComparer.Ordinal))}");
            for (int i = 1; i < seen.Length; i++)
            {
                if (seen[i].FencingToken <= seen[i - 1].FencingToken) Violate($"the fencing token of '{key.Key}' went from {seen[i - 1].FencingToken} to {seen[i].FencingToken} (D2)");
            }
        }
    }

    private static bool IsSameChild(DeliverySeen one, DeliverySeen other) => (one.Child, one.Worker, one.Input) == (other.Child, other.Worker, other.Input);

    private void Violate(string what) => _violations.Add(new CrashViolation(point, what));

    private IJournal Open() => options.OpenJournal is { } open ? open(number) : _memory;

    private static async Task CloseAsync(IJournal journal)
    {
        if (journal is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
        else (journal as IDisposable)?.Dispose();
    }
}
