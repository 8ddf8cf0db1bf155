using Sheaf.Hosting;

namespace Sheaf.Testing;

/// <summary>One delivery of a worker's call or a step, as the test host sees it: held back, at work, or waiting for the clock.</summary>
/// <remarks>
/// It waits while none of its code runs and it has a timer of the clock, or says so itself. Its code is known by its
/// synchronization context, its timers by its execution context. Thread-safe.
/// </remarks>
internal sealed class RunningDelivery
{
    private static readonly AsyncLocal<RunningDelivery?> Ambient = new();

    private readonly Lock _gate = new();
    private readonly Activity _activity;
    private readonly Context _context;

    // Guarded by _gate. Invariant: while _isWaiting, it is left in _activity; otherwise it is entered.
    private int _callbacks;
    private int _waits;
    private bool _hasEnded;
    private bool _isWaiting;

    public RunningDelivery(Activity activity, Leaf leaf)
    {
        _activity = activity;
        _context = new Context(this);
        (string? worker, string? input) = leaf.Call;
        Seen = new DeliverySeen(leaf.Key, leaf.Name, worker, input, leaf.Attempt, leaf.Delivery);
        Order = (leaf.Workflow.Value, leaf.Child.Scope, leaf.Child.Ordinal, leaf.Delivery);
    }

    /// <summary>The delivery whose code asks; null outside of any.</summary>
    public static RunningDelivery? Current => Ambient.Value;

    public DeliverySeen Seen { get; }

    /// <summary>By this those that could begin are put in order, whatever thread they came on.</summary>
    public (string Workflow, int Scope, int Ordinal, int Delivery) Order { get; }

    /// <summary>Runs the work, and keeps account of it until it has ended.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        Ambient.Value = this;
        Task<T> task = Begin(work);
        try
        {
            return await task.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _hasEnded = true;
                Update_NeedsLock();
            }
        }
    }

    /// <summary>Something of it waits for the clock, or does not any more.</summary>
    public void Wait(int change)
    {
        lock (_gate)
        {
            _waits += change;
            Update_NeedsLock();
        }
    }

    private Task<T> Begin<T>(Func<Task<T>> work)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        Enter();
        try
        {
            return work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
            Leave();
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            _callbacks++;
            Update_NeedsLock();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _callbacks--;
            Update_NeedsLock();
        }
    }

    private void Update_NeedsLock()
    {
        bool isWaiting = !_hasEnded && _callbacks == 0 && _waits > 0;
        if (isWaiting == _isWaiting) return;
        _isWaiting = isWaiting;
        if (isWaiting) _activity.Leave();
        else _activity.Enter();
    }

    /// <summary>Runs continuations on the thread pool, as without a context, and counts them.</summary>
    private sealed class Context(RunningDelivery delivery) : SynchronizationContext
    {
        public override SynchronizationContext CreateCopy() => this;

        public override void Send(SendOrPostCallback d, object? state) => Run(d, state);

        public override void Post(SendOrPostCallback d, object? state)
        {
            delivery.Enter();
            ThreadPool.QueueUserWorkItem(static work =>
            {
                try
                {
                    work.Context.Run(work.Callback, work.State);
                }
                finally
                {
                    work.Context.Done();
                }
            }, (Context: this, Callback: d, State: state), preferLocal: false);
        }

        private void Done() => delivery.Leave();

        private void Run(SendOrPostCallback callback, object? state)
        {
            SynchronizationContext? outer = Current;
            SetSynchronizationContext(this);
            try
            {
                callback(state);
            }
            finally
            {
                SetSynchronizationContext(outer);
            }
        }
    }
}
