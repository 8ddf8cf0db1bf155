namespace Sheaf.Settings;

/// <summary>The configuration makes no sense. The message has a line a mistake: option, value, remedy.</summary>
internal sealed class SettingsException(IReadOnlyList<string> mistakes) : Exception(string.Join(Environment.NewLine, mistakes))
{
    /// <summary>One line a mistake.</summary>
    public IReadOnlyList<string> Mistakes { get; } = mistakes;
}
