namespace Sheaf;

/// <summary>The value of what has none, so that one generic implementation serves both.</summary>
internal readonly struct Nothing;
