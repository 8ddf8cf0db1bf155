using System.Collections;
using System.Globalization;

namespace Sheaf;

/// <summary>Reads text from exceptions whose own code may throw: a failure about to be reported must not be lost to that.</summary>
internal static class SafeText
{
    internal static string Message(Exception exception)
    {
        try
        {
            // Declared as never null, but an override may return it.
            return exception.Message ?? "";
        }
        catch (Exception error)
        {
            return Threw(nameof(exception.Message), error);
        }
    }

    internal static string? StackTrace(Exception exception)
    {
        try
        {
            return StackText.Trim(exception.StackTrace);
        }
        catch (Exception error)
        {
            return Threw(nameof(exception.StackTrace), error);
        }
    }

    /// <summary>The exception's data as text: string keys before others of the same text, null values as empty text.</summary>
    internal static IReadOnlyDictionary<string, string> Data(Exception exception)
    {
        Dictionary<string, string>? texts = null;
        try
        {
            if (exception.Data is not { Count: > 0 } data) return EmptyData;
            texts = new(StringComparer.Ordinal);
            int left = 0;
            foreach (DictionaryEntry entry in data)
            {
                if (texts.Count >= Failure.MaxDataEntries)
                {
                    left++;
                    continue;
                }

                string key = Cut(Value(entry.Key), Failure.MaxDataKeyLength);
                string value = Cut(Value(entry.Value), Failure.MaxDataValueLength);
                if (entry.Key is string) texts[key] = value;
                else texts.TryAdd(key, value);
            }

            if (left > 0) texts[MoreEntries] = CutEntries(left);
        }
        catch (Exception error)
        {
            texts ??= new(StringComparer.Ordinal);
            texts["<Data>"] = Cut(Threw(nameof(exception.Data), error), Failure.MaxDataValueLength);
        }

        return texts;
    }

    /// <summary>The key in <see cref="Failure.Data"/> under which it is said that others were left out.</summary>
    internal const string MoreEntries = "…";

    internal static string CutEntries(int count) => string.Create(CultureInfo.InvariantCulture, $"<cut: {count} more entries>");

    internal static readonly IReadOnlyDictionary<string, string> EmptyData =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>At most <paramref name="max"/> UTF-16 characters, the last of them a mark where something was cut.</summary>
    internal static string Cut(string text, int max)
    {
        if (text.Length <= max) return text;
        // The mark counts against the bound, so that a text that was cut once is not cut again where it is sent on.
        string mark = string.Create(CultureInfo.InvariantCulture, $"… <cut: {text.Length} characters>");
        int keep = Math.Max(0, max - mark.Length);
        if (keep > 0 && char.IsHighSurrogate(text[keep - 1])) keep--;
        return string.Concat(text.AsSpan(0, keep), mark);
    }

    /// <summary>The first line, at most <paramref name="max"/> characters of it.</summary>
    internal static string FirstLine(string text, int max)
    {
        ReadOnlySpan<char> line = text.AsSpan().TrimStart();
        int end = line.IndexOfAny('\r', '\n');
        bool cut = end >= 0;
        if (cut) line = line[..end];
        if (line.Length > max)
        {
            line = line[..(char.IsHighSurrogate(line[max - 1]) ? max - 1 : max)];
            cut = true;
        }

        return cut ? string.Concat(line.TrimEnd(), " …") : line.ToString();
    }

    private static string Value(object? value)
    {
        try
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }
        catch (Exception error)
        {
            return Threw("ToString", error);
        }
    }

    private static string Threw(string what, Exception error)
    {
        string name = error.GetType().Name;
        try
        {
            return $"<{what} threw {name}: {error.Message}>";
        }
        catch (Exception)
        {
            // Its message throws as well; its type is all there is to say.
            return $"<{what} threw {name}>";
        }
    }
}
