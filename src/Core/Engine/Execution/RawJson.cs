namespace Sheaf.Engine;

/// <summary>A value that stays the JSON text that it came as.</summary>
/// <param name="Text">The text.</param>
internal sealed record RawJson(string Text);
