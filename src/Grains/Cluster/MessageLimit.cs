using System.Text;
using Sheaf.Codecs;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>How much goes into one message of the cluster. What is too large is never delivered, however often it is sent.</summary>
/// <remarks>Texts are UTF-8 in messages: a character of JSON has from one byte to three.</remarks>
/// <param name="maxBytes">The most that the cluster delivers: <see cref="Orleans.Configuration.MessagingOptions.MaxMessageBodySize"/>.</param>
internal sealed class MessageLimit(int maxBytes)
{
    // Of a dispatch: names of its parts, ids, times and numbers. Its own names are counted.
    private const int DispatchOverhead = 512;

    /// <summary>The most that the cluster delivers.</summary>
    public int MaxMessageBytes => maxBytes;

    /// <summary>The most bytes of one value, input or failure. Beside it the message has what else it says.</summary>
    public int MaxValueBytes => Of(maxBytes);

    /// <summary>A batch takes no more where it would have more bytes than this; a single larger item goes alone.</summary>
    public int MaxBatchBytes => Math.Min(Batches.MaxBytes, maxBytes / 2);

    public static int Of(int maxMessageBytes) => maxMessageBytes / 4 * 3;

    /// <summary>As much of a text as goes into a message, from a character on. No character has more than three bytes, and a pair has four.</summary>
    public string Page(string text, int from)
    {
        int end = (int)Math.Min(text.Length, from + (long)Math.Max(MaxValueBytes / 3, 2));
        if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
        return text[from..end];
    }

    /// <summary>Whether a text goes into a message whole.</summary>
    public bool Fits(string text) => text.Length <= MaxValueBytes / 3 || Encoding.UTF8.GetByteCount(text) <= MaxValueBytes;

    /// <summary>A failure that goes into a message: shortened where it is too large.</summary>
    public Failure Bound(Failure failure) => FailureText.Fit(failure, MaxValueBytes);

    /// <summary>
    /// A child's end, as its owner can be told of it: a value that no message can carry is the child's failure (D10), and a failure is
    /// shortened (E7).
    /// </summary>
    public LeafEnded Bound(LeafEnded ended)
    {
        if (ended.Result.Failure is { } failure && Bound(failure) is var shorter && !ReferenceEquals(shorter, failure)) return ended with { Result = ended.Result with { Failure = shorter } };
        if (ended.Result.Value is not { } value || Fits(value)) return ended;
        PayloadTooLargeException error = new(
            $"The value of child {ended.Child} is {Encoding.UTF8.GetByteCount(value)} bytes of JSON; a message of this cluster can carry {MaxValueBytes}. Of a map it is the values of the child's inputs together: give it fewer InputsPerChild. " +
            "Else return a reference to where the data is, or raise SiloMessagingOptions.MaxMessageBodySize.");
        return ended with { Result = Result.Failed(Failure.From(error)) };
    }

    /// <summary>The bytes that a message has to a site, at the most.</summary>
    public static long SizeOf(SiteMessage message) => message switch
    {
        Deliver { Dispatch: var dispatch } => DispatchOverhead + BytesOf(dispatch.Input) + BytesOf(dispatch.Name) + BytesOf(dispatch.Worker),
        SignalScope { Cause: var cause } => DispatchOverhead + BytesOf(cause.Reason) + BytesOf(cause.By),
        Attach { Deliveries.Count: var count } => DispatchOverhead + (32L * count),
        _ => DispatchOverhead,
    };

    /// <summary>The bytes that an end has in a message, at the most.</summary>
    public static long SizeOf(LeafEnded ended) => DispatchOverhead + BytesOf(ended.Result.Value) + (ended.Result.Failure is { } failure ? FailureWeight.Of(failure) : 0);

    /// <summary>Says that an input is too large, whose it is, and what to do.</summary>
    public PayloadTooLargeException TooLarge(string of, string input, bool isMap = false, string what = "input") => new(
        $"The {what} of {of} is {Encoding.UTF8.GetByteCount(input)} bytes of JSON; a message of this cluster can carry {MaxValueBytes}. {(isMap ? "It is several inputs of a map together: give it fewer InputsPerChild." : "Pass a reference to where the data is.")} " +
        "Or raise SiloMessagingOptions.MaxMessageBodySize.");

    private static long BytesOf(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
