using System.Collections.Concurrent;

namespace Sheaf.Conformance;

/// <summary>A task group, local or durable, as far as a plan needs it.</summary>
internal interface IPlanGroup
{
    IReadOnlyList<Outcome> Outcomes { get; }

    ChildTask Start(string name, Act does, ChildOptions? options);

    ChildTask Nest(GroupPlan plan, PlanBody body);

    void Cancel(string? reason);
}

/// <summary>Runs the statements of a plan: as local code, or as workflow code on the workflow's turns.</summary>
/// <remarks>It awaits handles only, without ConfigureAwait: that is all that workflow code may do.</remarks>
internal sealed class PlanBody(Stage stage)
{
    private readonly ConcurrentDictionary<string, ChildTask> _handles = new();
    private readonly ConcurrentDictionary<string, IPlanGroup> _groups = new();

    /// <summary>Runs the outermost group, and keeps what it threw and all outcomes.</summary>
    public async Task<string> RunAsync(Func<Task<string>> run)
    {
        stage.Thrown = null;
        try
        {
            return await run();
        }
        catch (Exception thrown)
        {
            stage.Thrown = thrown;
            throw;
        }
        finally
        {
            foreach ((string name, IPlanGroup group) in _groups) stage.Outcomes[name] = group.Outcomes;
        }
    }

    public async Task<string> RunBodyAsync(IPlanGroup group, GroupPlan plan)
    {
        _groups[plan.Name] = group;
        List<string> values = [];
        foreach (Op op in plan.Body)
        {
            switch (op)
            {
                case Start start:
                    _handles[start.Name] = group.Start(start.Name, start.Does, Options(start));
                    break;
                case StartMany many:
                    for (int i = 0; i < many.Count; i++) _handles[many.Prefix + i] = group.Start(many.Prefix + i, many.Does, null);
                    break;
                case TryStart tryStart:
                    TryStart(tryStart);
                    break;
                case Nest nest:
                    _handles[nest.Group.Name] = group.Nest(nest.Group, this);
                    break;
                case Await one:
                    values.Add(await ValueAsync(_handles[one.Name]));
                    break;
                case AwaitAll all:
                    values.AddRange(await Task.WhenAll(all.Names.Select(name => ValueAsync(_handles[name]))));
                    break;
                case TryAwait caught:
                    try
                    {
                        values.Add(await ValueAsync(_handles[caught.Name]));
                    }
                    catch (Exception error)
                    {
                        stage.Log($"caught:{caught.Name}:{error.GetType().Name}");
                    }

                    break;
                case Look look:
                    stage.Seen[look.Name] = await _handles[look.Name].OutcomeAsync();
                    break;
                case Cancel cancel:
                    group.Cancel(cancel.Reason);
                    break;
                case Throw thrown:
                    throw thrown.Error.ToException();
                case Return value:
                    stage.Log($"{plan.Name}:returned");
                    return value.Value;
                case Note note:
                    stage.Log(note.Event);
                    break;
                case Open open:
                    stage.Open(open.Gate);
                    break;
                default:
                    throw new NotSupportedException($"No body can do {op}.");
            }
        }

        return string.Join(',', values);
    }

    private void TryStart(TryStart start)
    {
        try
        {
            _handles[start.Name] = _groups[start.In].Start(start.Name, new Succeed(), null);
        }
        catch (Exception refused)
        {
            stage.Log($"refused:{start.Name}:{refused.GetType().Name}");
        }
    }

    private static async Task<string> ValueAsync(ChildTask child)
    {
        if (child is ChildTask<string> valued) return await valued;
        await child;
        return "";
    }

    private static ChildOptions? Options(Start start) =>
        start is { Isolated: false, Retry: null } ? null : new ChildOptions { Isolated = start.Isolated, Retry = start.Retry?.ToPolicy() };
}
