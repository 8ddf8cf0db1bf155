using System.Text;

namespace Sheaf.Samples.Agent.Output;

/// <summary>Text from elsewhere, made safe for a terminal.</summary>
public static class Printable
{
    /// <summary>
    /// <paramref name="text"/> without control characters other than line feed and tab. A model's answer or a document must not move
    /// the cursor or set the window's title.
    /// </summary>
    public static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001F') && !text.AsSpan().ContainsAnyInRange('\u007F', '\u009F')) return text;
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
            if (c is '\n' or '\t' || !char.IsControl(c)) clean.Append(c);
        return clean.ToString();
    }

    /// <summary>On one line.</summary>
    public static string Line(string text) => Clean(text.ReplaceLineEndings(" "));

    /// <summary>A duration for people.</summary>
    public static string Duration(TimeSpan duration) =>
        duration < TimeSpan.FromSeconds(1) ? $"{duration.TotalMilliseconds:0} ms"
        : duration < TimeSpan.FromMinutes(1) ? $"{duration.TotalSeconds:0.0} s"
        : $"{(int)duration.TotalMinutes} min {duration.Seconds} s";
}
