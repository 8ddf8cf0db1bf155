using System.Text;

namespace Sheaf;

/// <summary>
/// Exceptions as text for people, bounded. In place of <see cref="Exception.ToString"/>, which repeats every descendant, recurses as
/// deep as they nest, and may be overridden with something that throws.
/// </summary>
internal static class ExceptionText
{
    private const int MaxInner = 5;
    private const int MaxStackLines = 60;
    private const int MaxMessage = 4000;

    /// <summary>Type, message and stack, then the inner exceptions likewise, an indented arrow before each.</summary>
    internal static void AppendFull(StringBuilder text, Exception exception)
    {
        text.Append(TypeNames.NameOf(exception)).Append(": ").Append(SafeText.Cut(Message(exception), MaxMessage));
        AppendStack(text, SafeText.StackTrace(exception));
        Exception? inner = exception.InnerException;
        for (int depth = 0; inner is not null; depth++)
        {
            text.AppendLine();
            if (depth == MaxInner)
            {
                text.Append(" ---> … more inner exceptions");
                return;
            }

            text.Append(" ---> ").Append(TypeNames.NameOf(inner)).Append(": ").Append(SafeText.Cut(Message(inner), MaxMessage));
            AppendStack(text, SafeText.StackTrace(inner));
            // A group's InnerException is only its first child; its message has said what else there is.
            inner = GroupTree.IsGroup(inner) ? null : inner.InnerException;
        }
    }

    internal static void AppendStack(StringBuilder text, string? stack)
    {
        if (stack is null) return;
        int lines = 0;
        foreach (ReadOnlySpan<char> line in stack.AsSpan().EnumerateLines())
        {
            text.AppendLine();
            if (lines++ == MaxStackLines)
            {
                text.Append("   … more frames");
                return;
            }

            text.Append(line);
        }
    }

    /// <summary>The message; of a plain aggregate its title and counts, since its own message repeats all descendants'.</summary>
    internal static string Message(Exception exception) =>
        exception is AggregateException group and not ExceptionGroup && GroupTree.IsGroup(exception)
            ? GroupText.Message(group)
            : SafeText.Message(exception);
}
