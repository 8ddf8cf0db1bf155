using System.Diagnostics.CodeAnalysis;

namespace Sheaf.Engine;

/// <summary>
/// Runs a workflow's code on its turns and nowhere else (D3): first in, first out, on the one thread that runs the turn.
/// Work that arrives from elsewhere means that the code awaited something foreign.
/// </summary>
internal sealed class WorkflowScheduler(Action<string> onForeignWork) : TaskScheduler
{
    private readonly Queue<Task> _queue = new();

    // The thread that runs the turn, or 0 between turns. Only that thread touches the queue.
    private volatile int _turnThread;

    public override int MaximumConcurrencyLevel => 1;

    public bool IsOnTurn => _turnThread == Environment.CurrentManagedThreadId;

    /// <summary>Runs one turn: what it is given, then everything queued, until nothing is left.</summary>
    /// <param name="begin">What begins it.</param>
    /// <param name="with">What it begins with.</param>
    /// <param name="whenIdle">Called when nothing is queued; the turn goes on as long as it says that it did something.</param>
    public void RunTurn<T>(Action<T> begin, T with, Func<bool> whenIdle)
    {
        // A context of the caller's would catch the code's awaits before this scheduler does.
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        _turnThread = Environment.CurrentManagedThreadId;
        try
        {
            begin(with);
            do
            {
                while (_queue.TryDequeue(out Task? task)) TryExecuteTask(task);
            }
            while (whenIdle());
        }
        finally
        {
            _turnThread = 0;
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <summary>Queues code to run in this turn.</summary>
    [SuppressMessage("Reliability", "CA2008", Justification = "It names this scheduler.")]
    public Task Post(Func<Task> code) =>
        Task.Factory.StartNew(code, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    protected override void QueueTask(Task task)
    {
        if (IsOnTurn) _queue.Enqueue(task);
        else onForeignWork(CodePlace.Of(task));
    }

    /// <summary>Never: whether the runtime asks depends on the kind of thread, and the order of continuations must not (D1).</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [.. _queue];
}
