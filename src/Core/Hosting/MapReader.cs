using System.Globalization;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Reads the outcomes of a map's page off the state of its workflow (R15).</summary>
internal sealed class MapReader(Payloads payloads, FailureTypes? types)
{
    /// <summary>The outcomes of all items, in their order.</summary>
    /// <exception cref="InvalidOperationException">A value is journaled as JSON that the type cannot be read from.</exception>
    public List<MapOutcome<T>> Read<T>(WorkflowState page)
    {
        List<MapOutcome<T>> outcomes = [];
        foreach (ChildState part in page.Root.Children.SelectMany(group => group.Inner?.Children ?? []))
        {
            // The others a worker has spawned.
            if (part.Start.Map is { } map) Add(outcomes, page, part, map);
        }

        return outcomes;
    }

    private void Add<T>(List<MapOutcome<T>> outcomes, WorkflowState page, ChildState part, MapSettings map)
    {
        Result result = part.Result!;
        if (result.Kind != OutcomeKind.Succeeded)
        {
            Exception? error = result.Failure?.ToException(types);
            for (int i = 0; i < map.Count; i++) outcomes.Add(new MapOutcome<T>(map.First + i, result.Kind, default, error));
            return;
        }

        MapPartEnd end = map.Policy == GroupPolicy.Settle ? MapPartEnd.FromJson(result.Value!) : new MapPartEnd(result.Value!, [], null);
        List<T?> values = [];
        try
        {
            payloads.ReadEach(new RawJson(end.Values), values);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"A value of '{part.Start.Name}' of workflow '{page.Id}' cannot be read as {typeof(T)}. Ask for the type that the worker returns.", error);
        }

        ILookup<string, Exception> failures = MapPartEnd.ByInput(new[] { end.Repeated, end.Failures }.OfType<Failure>().Select(failure => failure.ToException(types)).OfType<ExceptionGroup>());
        HashSet<int> failed = [.. end.Failed];
        int value = 0;
        for (int i = 0; i < map.Count; i++)
        {
            int place = map.First + i;
            outcomes.Add(failed.Contains(i)
                ? new MapOutcome<T>(place, OutcomeKind.Failed, default, failures[string.Create(CultureInfo.InvariantCulture, $"[{place}]")].FirstOrDefault())
                : new MapOutcome<T>(place, OutcomeKind.Succeeded, values[value++], null));
        }
    }
}
