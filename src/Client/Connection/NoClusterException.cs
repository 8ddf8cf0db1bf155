namespace Sheaf.Client.Connection;

/// <summary>No cluster answers. The message says which, where it was looked for, and what to do.</summary>
internal sealed class NoClusterException(string message, Exception? inner) : Exception(message, inner);
