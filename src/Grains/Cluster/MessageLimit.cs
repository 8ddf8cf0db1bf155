using System.Text;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>How much of a value goes into one message of the cluster. One that is too large is never delivered, however often it is sent.</summary>
/// <param name="maxBytes">The most that the cluster delivers.</param>
internal sealed class MessageLimit(int maxBytes)
{
    // Beside it the message has what else it says, and what was small enough to go with it.
    private readonly int _maxValueBytes = maxBytes / 4 * 3;

    /// <summary>As much of a text as goes into a message, from a character on. No character has more than three bytes, and a pair has four.</summary>
    public string Page(string text, int from)
    {
        int end = (int)Math.Min(text.Length, from + (long)Math.Max(_maxValueBytes / 3, 2));
        if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
        return text[from..end];
    }

    /// <summary>A child's end, as its owner can be told of it: a value that no message can carry is the child's failure (D10).</summary>
    public LeafEnded Bound(LeafEnded ended)
    {
        if (ended.Result.Value is not { } value || value.Length <= _maxValueBytes / 3) return ended;
        int bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes <= _maxValueBytes) return ended;
        PayloadTooLargeException error = new(
            $"The value of child {ended.Child} is {bytes} bytes of JSON; a message of this cluster can carry {_maxValueBytes}. Of a map it is the values of the child's inputs together: give it fewer InputsPerChild. " +
            "Else return a reference to where the data is, or raise SiloMessagingOptions.MaxMessageBodySize.");
        return ended with { Result = Result.Failed(Failure.From(error)) };
    }
}
