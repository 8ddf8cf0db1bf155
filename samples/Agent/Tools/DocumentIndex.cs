using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Sheaf.Samples.Agent.Tools;

/// <summary>
/// Full-text search over the .txt and .md documents of a folder, in a SQLite database in memory. Its unit is the paragraph.
/// Trigrams find parts of words in every script, Chinese included; terms of one or two characters, which have none, are found
/// by <c>LIKE</c>, and short Latin ones only as whole words.
/// </summary>
/// <remarks>Safe for concurrent searches; they take turns. The folder is read once: later changes to it are not seen.</remarks>
public sealed class DocumentIndex : IAsyncDisposable
{
    private const int MaxSnippet = 240;

    // Those of FTS5, so that ranks of short and long terms add up.
    private const double K1 = 1.2;
    private const double B = 0.75;

    private readonly SqliteConnection _connection;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<(string Path, Exception Error)> _errors = [];
    private long _passages;
    private double _averageLength;

    private DocumentIndex(string folder, SqliteConnection connection)
    {
        Folder = folder;
        _connection = connection;
    }

    /// <summary>The documents beside the program.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "Documents");

    /// <summary>The folder that was indexed, as a full path.</summary>
    public string Folder { get; }

    /// <summary>How many documents were indexed.</summary>
    public int Documents { get; private set; }

    /// <summary>What could not be indexed, and why: documents that cannot be read or are no UTF-8, folders that cannot be listed.</summary>
    public IReadOnlyList<(string Path, Exception Error)> Errors => _errors;

    /// <summary>Indexes every document under <paramref name="folder"/>; see <see cref="Errors"/> for those it could not.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static async Task<DocumentIndex> BuildAsync(string folder, CancellationToken cancellationToken = default)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}' to search in.");

        var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        var index = new DocumentIndex(folder, connection);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await index.FillAsync(cancellationToken);
            return index;
        }
        catch
        {
            await index.DisposeAsync();
            throw;
        }
    }

    /// <summary>The passages with any of <paramref name="terms"/>, best first. At most 32 distinct terms are looked for.</summary>
    /// <param name="terms">Words or phrases; they are text, whatever they contain.</param>
    /// <param name="limit">How many passages are returned at most.</param>
    /// <param name="cancellationToken">Stops the search between two passages.</param>
    /// <exception cref="SearchException">There are no terms, or no passage has any of them.</exception>
    public async Task<IReadOnlyList<Passage>> SearchAsync(
        IReadOnlyList<string> terms, int limit = 5, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        SearchTerms wanted = SearchTerms.From(terms);
        if (!wanted.All.Any()) throw new SearchException($"The search in '{Folder}' has no terms to look for.");

        await _turn.WaitAsync(cancellationToken);
        try
        {
            // SQLite does not wait, it works: that belongs on a thread of the pool, not on the caller's.
            List<Passage> found = await Task.Run(() => Search(wanted, limit, cancellationToken), cancellationToken);
            if (found.Count > 0) return found;
        }
        finally
        {
            _turn.Release();
        }

        string named = string.Join(", ", wanted.All.Select(term => $"'{term}'"));
        throw new SearchException($"Nothing was found for {named} in {Documents} documents under '{Folder}'.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _turn.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            "CREATE VIRTUAL TABLE passages USING fts5(document UNINDEXED, title, body, tokenize = 'trigram')", cancellationToken);
        DbTransaction transaction = await _connection.BeginTransactionAsync(cancellationToken);
        await using (transaction)
        {
            foreach (string path in DocumentReader.Find(Folder, _errors))
            {
                try
                {
                    (string title, List<string> paragraphs) = await DocumentReader.ReadAsync(path, cancellationToken);
                    foreach (string paragraph in paragraphs) await InsertAsync(path, title, paragraph, cancellationToken);
                    Documents++;
                }
                catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
                {
                    _errors.Add((path, exception));
                }
            }

            await transaction.CommitAsync(cancellationToken);
        }

        await using SqliteCommand count = Command("SELECT count(*), coalesce(avg(length(title) + length(body)), 0) FROM passages");
        await using SqliteDataReader row = await count.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        (_passages, _averageLength) = (row.GetInt64(0), row.GetDouble(1));
    }

    private async Task InsertAsync(string path, string title, string paragraph, CancellationToken cancellationToken)
    {
        string document = Path.GetRelativePath(Folder, path).Replace(Path.DirectorySeparatorChar, '/');
        await using SqliteCommand insert = Command(
            "INSERT INTO passages (document, title, body) VALUES ($document, $title, $body)",
            ("$document", document), ("$title", title), ("$body", paragraph));
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using SqliteCommand command = Command(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private List<Passage> Search(SearchTerms wanted, int limit, CancellationToken cancellationToken)
    {
        var hits = new Dictionary<long, Hit>();
        if (wanted.Long.Count > 0) AddMatches(wanted, hits, cancellationToken);
        foreach (string term in wanted.Short) AddLike(term, hits, cancellationToken);
        return [.. hits.Values.OrderBy(hit => hit.Rank).ThenBy(hit => hit.RowId).Take(limit)
            .Select(hit => new Passage(hit.Document, hit.Title, Snippet(hit.Body, wanted), hit.Rank))];
    }

    private void AddMatches(SearchTerms wanted, Dictionary<long, Hit> hits, CancellationToken cancellationToken)
    {
        using SqliteCommand match = Command(
            "SELECT rowid, document, title, body, bm25(passages) FROM passages WHERE passages MATCH $match",
            ("$match", wanted.ToMatchExpression()));
        using SqliteDataReader row = match.ExecuteReader();
        while (row.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            hits[row.GetInt64(0)] = ReadHit(row, row.GetDouble(4));
        }
    }

    private void AddLike(string term, Dictionary<long, Hit> hits, CancellationToken cancellationToken)
    {
        string pattern = term.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal);
        using SqliteCommand like = Command(
            "SELECT rowid, document, title, body FROM passages WHERE body LIKE $like ESCAPE '\\' OR title LIKE $like ESCAPE '\\'",
            ("$like", $"%{pattern}%"));
        using SqliteDataReader row = like.ExecuteReader();
        var found = new List<(Hit Hit, int Count)>();
        while (row.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Hit hit = ReadHit(row, rank: 0);
            int count = SearchTerms.Count(hit.Title, term) + SearchTerms.Count(hit.Body, term);
            if (count > 0) found.Add((hit, count));
        }

        double rarity = Math.Max(1e-6, Math.Log((_passages - found.Count + 0.5) / (found.Count + 0.5)));
        foreach ((Hit hit, int count) in found)
        {
            double length = (hit.Title.Length + hit.Body.Length) / _averageLength;
            double rank = -rarity * (count * (K1 + 1)) / (count + (K1 * (1 - B + (B * length))));
            double others = hits.TryGetValue(hit.RowId, out Hit? known) ? known.Rank : 0;
            hits[hit.RowId] = hit with { Rank = others + rank };
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, string value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static Hit ReadHit(SqliteDataReader row, double rank) =>
        new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), rank);

    private static string Snippet(string body, SearchTerms wanted)
    {
        if (body.Length <= MaxSnippet) return body;
        int first = wanted.All.Select(term => body.IndexOf(term, StringComparison.OrdinalIgnoreCase))
            .Where(at => at >= 0).DefaultIfEmpty(0).Min();
        int start = Math.Clamp(first - (MaxSnippet / 4), 0, body.Length - MaxSnippet);
        int end = start + MaxSnippet;
        if (char.IsLowSurrogate(body[start])) start++;
        if (end < body.Length && char.IsLowSurrogate(body[end])) end--;
        return $"{(start > 0 ? "…" : "")}{body[start..end].Trim()}{(end < body.Length ? "…" : "")}";
    }

    private sealed record Hit(long RowId, string Document, string Title, string Body, double Rank);
}
