namespace Sheaf.Engine;

/// <summary>Children that wait for an instant or a signal (D3).</summary>
internal static partial class Transitions
{
    private static void BeginWait(WorkflowState state, ChildState child, IEffects effects)
    {
        child.Status = ChildStatus.Running;
        child.Attempt = 1;
        if (child.Start.Kind == ChildKind.Delay)
        {
            child.DueAt = Later(state.Now, child.Start.Delay ?? TimeSpan.Zero);
            effects.StartTimer(TimerKey.Delay(child.Id), child.DueAt.Value);
            return;
        }

        if (state.Kept.TryGetValue(child.Start.Name, out Queue<string?>? kept) && kept.TryDequeue(out string? value)) End(state, child, Result.Succeeded(value), effects);
        else QueueOf(state.Waiting, child.Start.Name).Enqueue(child);
    }

    private static void OnSignal(WorkflowState state, SignalReceived signal, IEffects effects)
    {
        if (signal.Key is { } key && !state.SignalKeys.Add(key)) return;
        Queue<ChildState> waiting = QueueOf(state.Waiting, signal.Name);
        while (waiting.TryDequeue(out ChildState? child))
        {
            if (child.Status != ChildStatus.Running) continue; // Cancelled while it waited.
            End(state, child, Result.Succeeded(signal.Value), effects);
            return;
        }

        QueueOf(state.Kept, signal.Name).Enqueue(signal.Value);
    }

    public static Queue<T> QueueOf<T>(Dictionary<string, Queue<T>> queues, string name)
    {
        if (!queues.TryGetValue(name, out Queue<T>? queue)) queues[name] = queue = new();
        return queue;
    }
}
