namespace Sheaf.Samples.Agent.Tools;

/// <summary>A paragraph that a search found.</summary>
/// <param name="Document">The document's path, relative to the folder that was indexed, with '/' between its parts.</param>
/// <param name="Title">The document's first heading or line.</param>
/// <param name="Snippet">The paragraph, cut around the first term it contains.</param>
/// <param name="Rank">BM25 as SQLite counts it: the smaller (more negative), the better.</param>
public sealed record Passage(string Document, string Title, string Snippet, double Rank);
