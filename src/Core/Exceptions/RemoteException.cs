using System.Text;

namespace Sheaf;

/// <summary>
/// A failure from another process whose type this process does not know, or may not construct (rule E6).
/// </summary>
/// <remarks>
/// <para>
/// <see cref="ExceptionGroup.Split{T}()"/>, <see cref="Sieve.Take{T}"/> and the like match it by the names of its remote type and
/// that type's base types, as if it were the original. Register the type with <see cref="FailureTypes"/> to get the original type.
/// </para>
/// <para>
/// <see cref="Exception.Message"/> is the original's, and its stack trace begins with the original's. Sent on, it becomes the
/// original <see cref="Failure"/> again. Safe to read from several threads.
/// </para>
/// </remarks>
public sealed class RemoteException : Exception
{
    internal RemoteException(Failure failure, Exception? innerException, Exception? restorationError = null)
        : base(failure.Message, innerException)
    {
        Failure = failure;
        RestorationError = restorationError;
    }

    /// <summary>The failure as it came, complete.</summary>
    public Failure Failure { get; }

    /// <summary>The full name of the exception's type where it was thrown.</summary>
    public string RemoteTypeName => Failure.TypeName;

    /// <summary>
    /// What went wrong when the registered factory for <see cref="RemoteTypeName"/> was asked for an exception;
    /// <see langword="null"/> where none was asked.
    /// </summary>
    public Exception? RestorationError { get; }

    /// <summary>
    /// The remote type, message and stack, the inner failures likewise, and the error of restoring it, if any. Never throws.
    /// </summary>
    public override string ToString()
    {
        StringBuilder text = new();
        ExceptionText.AppendFull(text, this);
        if (RestorationError is not null)
        {
            text.AppendLine().Append("It could not be restored as its own type: ");
            ExceptionText.AppendFull(text, RestorationError);
        }

        return text.ToString();
    }
}
