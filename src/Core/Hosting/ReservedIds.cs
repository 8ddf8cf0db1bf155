using System.Buffers;

namespace Sheaf.Hosting;

/// <summary>Names that workflows make out of their ids: what has one too would share its idempotency keys, or be taken for a child.</summary>
/// <remarks>
/// Where no id that is given ends like one of these, cutting their ends off, again and again, leaves the id that a name was made of: no two
/// workflows, runs or children have the same. Any number counts, so that an id that works today is not refused when the number in
/// it has become one that could be a run's.
/// </remarks>
internal static class ReservedIds
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <summary>Refuses an id that a client gives to a new workflow.</summary>
    /// <exception cref="ArgumentException">It is a name that another workflow would make.</exception>
    public static void ThrowIfReserved(WorkflowId id)
    {
        string text = id.Value;
        if (RunAt(text) is > 0 and int tilde)
        {
            throw new ArgumentException(
                $"The workflow id '{text}' is not for a client to give: a later run of workflow '{text[..tilde]}' has that name, and its idempotency keys. Give an id that does not end in '~' and a number.", nameof(id));
        }

        if (PlaceAt(text) is > 0 and int slash)
        {
            throw new ArgumentException(
                $"The workflow id '{text}' is not for a client to give: a workflow inside workflow '{text[..slash]}' has that id. Give an id that does not end in '/' and numbers with dots, such as '{text[..slash]}-{text[(slash + 1)..]}'.", nameof(id));
        }
    }

    /// <summary>Whether an id ends as those that workflows make.</summary>
    public static bool IsMade(string text) => RunAt(text) > 0 || PlaceAt(text) > 0;

    /// <summary>Where the name of a later run has its end; -1 where it is none.</summary>
    private static int RunAt(string text)
    {
        int tilde = text.AsSpan().LastIndexOfAnyExcept(Digits);
        return tilde > 0 && tilde < text.Length - 1 && text[tilde] == '~' ? tilde : -1;
    }

    /// <summary>Where the id of a nested workflow has its end; -1 where it is none.</summary>
    private static int PlaceAt(string text)
    {
        int slash = text.LastIndexOf('/');
        return slash > 0 && text[(slash + 1)..].Split('.') is { Length: 2 or 3 } numbers && numbers.All(number => number.Length > 0 && !number.AsSpan().ContainsAnyExcept(Digits)) ? slash : -1;
    }
}
