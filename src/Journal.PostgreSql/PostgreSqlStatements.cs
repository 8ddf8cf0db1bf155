using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace Sheaf.Journal;

/// <summary>What is said to the server: each method makes a command one statement, whose text never changes, so that it can be prepared.</summary>
internal sealed class PostgreSqlStatements(string schema)
{
    private const string Columns = "w.id, w.workflow, w.input, w.created_at, w.owner, w.epoch, w.status, w.ended_at, w.wakes_at";

    private readonly string _append = $"SELECT {schema}.sheaf_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    private readonly string _appendOne = $"SELECT {schema}.sheaf_append_one($1, $2, $3, $4, $5, $6, $7, $8)";

    // No scan, so no plan that a small table could lead astray; and a third of a millisecond less than the function that takes any batch.
    private readonly string _create =
        $"""
        WITH made AS (
            INSERT INTO {schema}.sheaf_workflow (id, workflow, input, created_at, owner, epoch, status, next_sequence, ended_at)
            VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING number),
        written AS (INSERT INTO {schema}.sheaf_commit (workflow, first_sequence, count, body) SELECT number, 0, $7, $9 FROM made WHERE $7 > 0)
        SELECT count(*) FROM made
        """;

    private readonly string _claim = $"UPDATE {schema}.sheaf_workflow w SET owner = $2, epoch = epoch + 1 WHERE id = $1 AND status = 0 RETURNING {Columns}";
    private readonly string _claimAbandoned = $"SELECT {Columns} FROM {schema}.sheaf_claim_abandoned($1, $2, $3) w ORDER BY w.number";

    // Locked in the order of ids, as appends do.
    private readonly string _release =
        $"""
        WITH owned AS MATERIALIZED (SELECT number FROM {schema}.sheaf_workflow WHERE owner = $1 AND status = 0 ORDER BY id FOR NO KEY UPDATE)
        UPDATE {schema}.sheaf_workflow w SET owner = NULL, epoch = epoch + 1 FROM owned o WHERE w.number = o.number
        """;

    private readonly string _read =
        $"""
        SELECT c.first_sequence, c.count, c.body, w.epoch FROM {schema}.sheaf_commit c JOIN {schema}.sheaf_workflow w ON w.number = c.workflow
        WHERE w.id = $1 AND c.first_sequence + c.count > $2
            -- The index finds the commit that holds the entry; the test above leaves it out where it ends before.
            AND c.first_sequence >= coalesce((SELECT max(first_sequence) FROM {schema}.sheaf_commit WHERE workflow = w.number AND first_sequence <= $2), 0)
        ORDER BY c.first_sequence
        """;

    private readonly string _find = $"SELECT {Columns} FROM {schema}.sheaf_workflow w WHERE id = $1";
    private readonly string _findOwned = $"SELECT id, epoch FROM {schema}.sheaf_workflow WHERE owner = $1 AND status = 0 AND (wakes_at IS NULL OR wakes_at <= $2) ORDER BY number";
    private readonly string _trim = $"DELETE FROM {schema}.sheaf_commit WHERE workflow = (SELECT number FROM {schema}.sheaf_workflow WHERE id = $1) AND first_sequence + count <= $2";
    private readonly string _list = $"SELECT {Columns} FROM {schema}.sheaf_workflow w ORDER BY number";
    private readonly string _listByStatus = $"SELECT {Columns} FROM {schema}.sheaf_workflow w WHERE status = $1 ORDER BY number";

    // Their entries go with them, by the foreign key. What another purge has at this moment is skipped.
    private readonly string _purge =
        $"""
        WITH old AS MATERIALIZED (SELECT number FROM {schema}.sheaf_workflow WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        DELETE FROM {schema}.sheaf_workflow w USING old o WHERE w.number = o.number
        """;

    public void Append(NpgsqlCommand command, AppendBatch batch)
    {
        const NpgsqlDbType Array = NpgsqlDbType.Array;
        command.CommandText = _append;
        Add(command, batch.Ids, Array | NpgsqlDbType.Text);
        Add(command, batch.Made.ConvertAll(header => header.Id.Value), Array | NpgsqlDbType.Text);
        Add(command, batch.Made.ConvertAll(header => header.Workflow), Array | NpgsqlDbType.Text);
        Add(command, batch.Made.ConvertAll(header => header.Input), Array | NpgsqlDbType.Text);
        Add(command, batch.Made.ConvertAll(header => header.CreatedAt.UtcTicks), Array | NpgsqlDbType.Bigint);
        Add(command, batch.Made.ConvertAll(header => header.Owner), Array | NpgsqlDbType.Text);
        Add(command, batch.Places, Array | NpgsqlDbType.Integer);
        Add(command, batch.Of(commit => commit.Creates is not null), Array | NpgsqlDbType.Boolean);
        Add(command, batch.Of(commit => commit.Epoch), Array | NpgsqlDbType.Bigint);
        Add(command, batch.Of(commit => commit.FirstSequence), Array | NpgsqlDbType.Bigint);
        Add(command, batch.Of(commit => commit.Count), Array | NpgsqlDbType.Integer);
        Add(command, batch.Of(Body), Array | NpgsqlDbType.Text);
        Add(command, batch.Of(commit => (short?)commit.EndsAs), Array | NpgsqlDbType.Smallint);
        Add(command, batch.Of(commit => commit.EndedAt?.UtcTicks), Array | NpgsqlDbType.Bigint);
        Add(command, batch.Of(commit => commit.WakesAt?.UtcTicks), Array | NpgsqlDbType.Bigint);
    }

    /// <summary>One commit that creates its workflow. Gives 1, or 0 where the id is taken.</summary>
    public void Create(NpgsqlCommand command, JournalCommit commit, WorkflowHeader header)
    {
        command.CommandText = _create;
        Add(command, header.Id.Value, NpgsqlDbType.Text);
        Add(command, header.Workflow, NpgsqlDbType.Text);
        Add(command, header.Input, NpgsqlDbType.Text);
        Add(command, header.CreatedAt.UtcTicks, NpgsqlDbType.Bigint);
        Add(command, commit.EndsAs is null ? header.Owner : null, NpgsqlDbType.Text);
        Add(command, (short)(commit.EndsAs ?? WorkflowStatus.Running), NpgsqlDbType.Smallint);
        Add(command, commit.Count, NpgsqlDbType.Integer);
        Add(command, commit.EndedAt?.UtcTicks, NpgsqlDbType.Bigint);
        Add(command, Body(commit), NpgsqlDbType.Text);
    }

    public void AppendOne(NpgsqlCommand command, JournalCommit commit)
    {
        command.CommandText = _appendOne;
        Add(command, commit.Workflow.Value, NpgsqlDbType.Text);
        Add(command, commit.Epoch, NpgsqlDbType.Bigint);
        Add(command, commit.FirstSequence, NpgsqlDbType.Bigint);
        Add(command, commit.Count, NpgsqlDbType.Integer);
        Add(command, Body(commit), NpgsqlDbType.Text);
        Add(command, (short?)commit.EndsAs, NpgsqlDbType.Smallint);
        Add(command, commit.EndedAt?.UtcTicks, NpgsqlDbType.Bigint);
        Add(command, commit.WakesAt?.UtcTicks, NpgsqlDbType.Bigint);
    }

    public void Claim(NpgsqlCommand command, WorkflowId workflow, string owner)
    {
        command.CommandText = _claim;
        Add(command, workflow.Value, NpgsqlDbType.Text);
        Add(command, owner, NpgsqlDbType.Text);
    }

    public void ClaimAbandoned(NpgsqlCommand command, string[] liveOwners, string owner, int limit)
    {
        command.CommandText = _claimAbandoned;
        Add(command, liveOwners, NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add(command, owner, NpgsqlDbType.Text);
        Add(command, limit, NpgsqlDbType.Integer);
    }

    public void Release(NpgsqlCommand command, string owner)
    {
        command.CommandText = _release;
        Add(command, owner, NpgsqlDbType.Text);
    }

    public void Read(NpgsqlCommand command, WorkflowId workflow, long fromSequence)
    {
        command.CommandText = _read;
        Add(command, workflow.Value, NpgsqlDbType.Text);
        Add(command, fromSequence, NpgsqlDbType.Bigint);
    }

    public void Find(NpgsqlCommand command, WorkflowId workflow)
    {
        command.CommandText = _find;
        Add(command, workflow.Value, NpgsqlDbType.Text);
    }

    public void FindOwned(NpgsqlCommand command, string owner, DateTimeOffset dueBy)
    {
        command.CommandText = _findOwned;
        Add(command, owner, NpgsqlDbType.Text);
        Add(command, dueBy.UtcTicks, NpgsqlDbType.Bigint);
    }

    public void List(NpgsqlCommand command, WorkflowStatus? status)
    {
        command.CommandText = status is null ? _list : _listByStatus;
        if (status is { } wanted) Add(command, (short)wanted, NpgsqlDbType.Smallint);
    }

    public void Trim(NpgsqlCommand command, WorkflowId workflow, long beforeSequence)
    {
        command.CommandText = _trim;
        Add(command, workflow.Value, NpgsqlDbType.Text);
        Add(command, beforeSequence, NpgsqlDbType.Bigint);
    }

    public void Purge(NpgsqlCommand command, DateTimeOffset endedBefore, int limit)
    {
        command.CommandText = _purge;
        Add(command, endedBefore.UtcTicks, NpgsqlDbType.Bigint);
        Add(command, limit, NpgsqlDbType.Integer);
    }

    /// <summary>The header in a row of <see cref="Columns"/>.</summary>
    public static WorkflowHeader Header(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        Workflow = row.GetString(1),
        Input = row.GetString(2),
        CreatedAt = new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero),
        Owner = row.IsDBNull(4) ? null : row.GetString(4),
        Epoch = row.GetInt64(5),
        Status = (WorkflowStatus)row.GetInt16(6),
        EndedAt = row.IsDBNull(7) ? null : new DateTimeOffset(row.GetInt64(7), TimeSpan.Zero),
        WakesAt = row.IsDBNull(8) ? null : new DateTimeOffset(row.GetInt64(8), TimeSpan.Zero),
    };

    /// <summary>The body's own bytes, which are sent as they are: no string is made of them.</summary>
    private static byte[] Body(JournalCommit commit) =>
        MemoryMarshal.TryGetArray(commit.Body, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : commit.Body.ToArray();

    private static void Add<T>(NpgsqlCommand command, T value, NpgsqlDbType type)
    {
        if (value is null) command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type });
        else command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
    }
}
