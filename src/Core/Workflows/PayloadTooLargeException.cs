namespace Sheaf;

/// <summary>An input or a value is larger than <see cref="SheafOptions.MaxPayloadBytes"/>, or than a message of the cluster can carry (rule D10). Only its own child fails, or its own caller.</summary>
public sealed class PayloadTooLargeException : Exception
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">What is too large, and the limit.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public PayloadTooLargeException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
