using System.Runtime.ExceptionServices;
using System.Text;
using Sheaf.Engine;

namespace Sheaf;

/// <summary>Cuts a map's inputs into children (R15): each takes several, within a size.</summary>
internal static class WorkflowMap
{
    /// <summary>So many characters of input go together; a larger one goes alone.</summary>
    private const int MaxCharacters = 256 * 1024;

    /// <summary>Runs the map in its group.</summary>
    public static async Task<IReadOnlyList<TOut>> RunAsync<TIn, TOut>(WorkflowRun run, ScopeCode scope, string name, string worker, IReadOnlyList<TIn> inputs, int size, WorkflowMapOptions options)
    {
        RetrySettings? retry = options.Retry is { } policy ? RetrySettings.From(policy) : null;
        List<ChildTask<List<TOut>>> parts = [];
        StringBuilder part = new();
        int first = 0;
        for (int i = 0; i < inputs.Count; i++)
        {
            string json;
            try
            {
                json = run.Payloads.Write(inputs[i], "input of child", $"{name}[{i}]") ?? "null";
            }
            catch (Exception error)
            {
                // One that cannot be sent is its own failure, and no one else's (D10).
                Start(i);
                parts.Add(run.StartWorker<List<TOut>>(scope, $"{name}[{i}]", worker, () => Refuse(error), options: null, new MapSettings(i, 1, options.Policy, retry)));
                first = i + 1;
                continue;
            }

            if (part.Length + json.Length > MaxCharacters) Start(i);
            part.Append(i == first ? '[' : ',').Append(json);
            if (i + 1 - first == size) Start(i + 1);
        }

        Start(inputs.Count);
        List<TOut> values = new(inputs.Count);
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        foreach (ChildTask<List<TOut>> child in parts) values.AddRange(await child);
#pragma warning restore CA2007, MA0004
        return values;

        static string? Refuse(Exception error)
        {
            ExceptionDispatchInfo.Throw(error);
            return null;
        }

        void Start(int end)
        {
            if (end > first)
            {
                string json = part.Append(']').ToString();
                string range = end == first + 1 ? $"{name}[{first}]" : $"{name}[{first}..{end - 1}]";
                parts.Add(run.StartWorker<List<TOut>>(scope, range, worker, () => json, options: null, new MapSettings(first, end - first, options.Policy, retry)));
            }

            part.Clear();
            first = end;
        }
    }
}
