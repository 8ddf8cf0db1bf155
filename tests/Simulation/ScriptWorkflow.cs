using System.Text;
using Sheaf.Engine;

namespace Sheaf.Simulation;

/// <summary>Runs a script as workflow code. Its value is what it saw, in the order in which it saw it.</summary>
internal sealed class ScriptWorkflow(GroupNode script)
{
    private readonly StringBuilder _seen = new();

    /// <summary>The starts of those that get ready.</summary>
    private readonly Dictionary<string, ChildStart<string>> _starts = [];

    /// <summary>Isolated leaves, as they are started. Those outside of a checkpoint are never of its code, and there on every replay.</summary>
    private readonly Dictionary<string, ChildTask> _isolated = [];
    private WorkflowContext _workflow = null!;

    /// <summary>What it has seen, whatever it ended with; but for what checkpoints have inside.</summary>
    public string Seen => _seen.ToString();

    /// <summary>Children that get ready whose starts or ends it has looked at.</summary>
    public HashSet<string> Awaited { get; } = [];

    /// <summary>Those whose failure before they were ready it has let through.</summary>
    public HashSet<string> LetThrough { get; } = [];

    public async Task<string?> RunAsync(WorkflowContext workflow)
    {
        _workflow = workflow;
        try
        {
            await OpenAsync(workflow.GroupAsync, script, _seen, []);
        }
        finally
        {
            See(_seen, $"end@{workflow.UtcNow.Ticks}");
        }

        return '"' + _seen.ToString() + '"';
    }

    private async Task OpenAsync(Func<string, Func<WorkflowGroup, Task<string>>, WorkflowGroupOptions?, ChildTask<string>> open, GroupNode node, StringBuilder seen, string[] around)
    {
        // The code of a checkpoint is not run again: what it saw goes out in its value, and in no other way.
        StringBuilder inside = node.IsCheckpoint ? new StringBuilder() : seen;
        WorkflowGroupOptions options = new()
        {
            Policy = node.Policy,
            MaxConcurrency = node.MaxConcurrency,
            Deadline = node.DeadlineSeconds is { } deadline ? TimeSpan.FromSeconds(deadline) : null,
            Checkpoint = node.IsCheckpoint,
            Shield = node.ShieldSeconds is { } shield ? TimeSpan.FromSeconds(shield) : null,
        };
        ChildTask<string> group = open(node.Name, group => RunGroupAsync(group, node, inside, around), options);
        if (node.Catches) See(seen, $"{node.Name}:{(await group.OutcomeAsync()).Kind}");
        else See(seen, $"{node.Name}={await group}");
    }

    private async Task<string> RunGroupAsync(WorkflowGroup group, GroupNode node, StringBuilder seen, string[] around)
    {
        if (node.Asks) See(seen, $"{node.Name}?{_workflow.Changed(node.Name)}");
        string[] isolated = [.. around, .. node.Children.OfType<LeafNode>().Where(leaf => leaf.Isolated).Select(leaf => leaf.Name)];
        List<(Node Node, Func<Task<string>> Look)> started = [.. node.Children.Select(child => (child, Start(group, child, seen, isolated)))];
        for (int i = 0; i < node.Yields; i++) await Task.Yield();
        foreach (string name in node.LooksOut ? around : [])
        {
            if (_starts.TryGetValue(name, out ChildStart<string>? start)) See(seen, $"{name}!{await SeeStartAsync(start)}");
            else if (_isolated.TryGetValue(name, out ChildTask? child)) See(seen, $"{name}!{(await child.OutcomeAsync()).Kind}");
        }

        for (int i = 0; i <= started.Count; i++)
        {
            if (node.CancelAfter == i) group.Cancel("as scripted");
            if (i < started.Count) See(seen, $"{started[i].Node.Name}:{await started[i].Look()}");
        }

        return node.IsCheckpoint ? $"ok({seen})" : "ok";
    }

    private Func<Task<string>> Start(WorkflowGroup group, Node node, StringBuilder seen, string[] around)
    {
        switch (node)
        {
            case LeafNode leaf:
                ChildOptions options = new() { Isolated = leaf.Isolated, Retry = leaf.Attempts > 1 ? new RetryPolicy { MaxAttempts = leaf.Attempts } : null };
                if (leaf.GetsReady) return StartReady(group, leaf, options);
                ChildTask<string> handle = leaf.IsStep
                    ? group.Step(leaf.Name, _ => Task.FromResult("never run here"), options)
                    : group.Start(leaf.Name, new Ref(leaf.Behaviour.ToString()), leaf.Name, options);
                if (leaf.Isolated) _isolated[leaf.Name] = handle;
                return leaf.Isolated ? async () => (await handle.OutcomeAsync()).Kind.ToString() : async () => await handle;
            case WaitNode { Seconds: { } seconds }:
                ChildTask delay = group.DelayAsync(TimeSpan.FromSeconds(seconds));
                return async () =>
                {
                    await delay;
                    return "waited";
                };
            case WaitNode wait:
                ChildTask<string> signal = group.WaitForAsync<string>(wait.Name);
                return async () => await signal;
            case BranchNode branch:
                ChildTask<string> code = group.Branch(branch.Name, async context =>
                {
                    foreach (GroupNode inner in branch.Groups) await OpenAsync(context.GroupAsync, inner, seen, around);
                    return "done";
                }, new ChildOptions { Isolated = branch.Isolated });
                return branch.Isolated ? async () => (await code.OutcomeAsync()).Kind.ToString() : async () => await code;
            case GroupNode inner:
                // Opened here, looked at later: a nested group runs beside its siblings.
                Task opened = OpenAsync(group.GroupAsync, inner, seen, around);
                return async () =>
                {
                    await opened;
                    return "opened";
                };
            default:
                throw new InvalidOperationException($"No such node: {node}.");
        }
    }

    private Func<Task<string>> StartReady(WorkflowGroup group, LeafNode leaf, ChildOptions options)
    {
        ChildStart<string, string> start = group.StartAsync(leaf.Name, new ReadyRef(leaf.Behaviour.ToString()), leaf.Name, options);
        _starts[leaf.Name] = start;
        if (leaf.Isolated) _isolated[leaf.Name] = start.Child;
        return async () =>
        {
            string saw = "";
            if (leaf.Looks.HasFlag(Looks.AtStart)) saw += leaf.Isolated ? await SeeStartAsync(start) : await LetThroughAsync(leaf.Name, start.AsTask());
            if (!leaf.Looks.HasFlag(Looks.AtEnd)) return saw;
            return $"{saw},{(leaf.Isolated ? await SeeEndAsync(start.Child) : await LetThroughAsync(leaf.Name, start.Child.AsTask()))}";
        };
    }

    private async Task<string> LetThroughAsync(string name, Task<string> looked)
    {
        Awaited.Add(name);
        try
        {
            return await looked;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LetThrough.Add(name);
            throw;
        }
    }

    private async Task<string> SeeStartAsync(ChildStart<string> start)
    {
        Awaited.Add(start.Child.Name);
        try
        {
            return await start;
        }
        catch (Exception error)
        {
            return error.GetType().Name;
        }
    }

    private async Task<string> SeeEndAsync(ChildTask child)
    {
        Awaited.Add(child.Name);
        return (await child.OutcomeAsync()).Kind.ToString();
    }

    private static void See(StringBuilder seen, string what) => seen.Append(what).Append(' ');

    private sealed record Ref(string Name) : IWorkerRef<Worker<string, string>>;

    private sealed record ReadyRef(string Name) : IWorkerRef<ReadyWorker<string, string, string>>;
}
