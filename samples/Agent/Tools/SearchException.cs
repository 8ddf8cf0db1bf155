namespace Sheaf.Samples.Agent.Tools;

/// <summary>
/// A search had no terms, or found nothing; the message says what was searched for, and where. An exception of the program's own,
/// on purpose: it shows how a type that no framework knows travels through an exception group.
/// </summary>
public sealed class SearchException(string message) : Exception(message);
