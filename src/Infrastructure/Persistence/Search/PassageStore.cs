using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence.Search;

/// <summary>The queue of what is to be made searchable, and the passages that are.</summary>
internal sealed class PassageStore(NpgsqlDataSource source)
{
    /// <summary>Characters of output that are read at once, about; what a task has beyond its share waits for the next time.</summary>
    private const int MaxRowsOfTask = 2_000;

    /// <summary>Whoever gives ids holds this lock until its rows are there: a writer whose lease has ended may still be at it. Any number.</summary>
    public const long IdsLock = 0x67726f6f7465_15;

    private const string QueuedSql = "SELECT id, task_id FROM search_queue WHERE queued_at < now() - $1 ORDER BY id LIMIT $2";

    /// <summary>The texts of a task that are passages of their own, where they are not searchable as they are.</summary>
    private const string TextsSql =
        $"""
        SELECT t.task_id, x.part, x.content, p.id, p.digest
        FROM tasks t
        CROSS JOIN LATERAL (VALUES ('input', left(t.input_message, 262144)), ('result', left(t.result, 262144)), ('error', left(t.error, 262144))) AS x (part, content)
        LEFT JOIN search_passages p ON p.task_id = t.task_id AND p.part = x.part
        WHERE t.task_id = ANY ($1) AND x.content <> ''
        """;

    private const string LastSql =
        """
        SELECT q.task_id, p.id, p.first_offset, p.last_offset, p.length
        FROM unnest($1) AS q (task_id)
        CROSS JOIN LATERAL (
            SELECT id, first_offset, last_offset, length FROM search_passages
            WHERE task_id = q.task_id AND part = 'output' ORDER BY last_offset DESC LIMIT 1) p
        """;

    private const string RowsSql =
        """
        SELECT q.task_id, l."offset", l.output
        FROM unnest($1, $2) WITH ORDINALITY AS q (task_id, after, place)
        CROSS JOIN LATERAL (
            SELECT "offset", output FROM task_log
            WHERE task_id = q.task_id AND "offset" > q.after ORDER BY "offset" LIMIT $3) l
        ORDER BY q.place, l."offset"
        """;

    /// <summary>The oldest entries of the queue that have waited long enough for more of the same task to come.</summary>
    public async Task<IReadOnlyList<(long Id, string TaskId)>> ListQueuedAsync(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(QueuedSql);
        command.Parameters.AddWithValue(age);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var queued = new List<(long, string)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            queued.Add((reader.GetInt64(0), reader.GetString(1)));
        }

        return queued;
    }

    /// <summary>How many entries the queue has, about, and how long the oldest has waited.</summary>
    public async Task<(long Entries, TimeSpan Age)> MeasureAsync(CancellationToken cancellationToken)
    {
        // By the ends of the key: a long queue is not counted.
        await using var command = source.CreateCommand(
            """
            SELECT coalesce((SELECT max(id) FROM search_queue) - (SELECT min(id) FROM search_queue) + 1, 0),
                   coalesce((SELECT now() - queued_at FROM search_queue ORDER BY id LIMIT 1), interval '0')
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetTimeSpan(1));
    }

    /// <summary>What is new of these tasks, as passages; the ids of those that they replace; and the tasks that have still more.</summary>
    public async Task<NewPassages> ReadAsync(string[] taskIds, CancellationToken cancellationToken)
    {
        var found = new NewPassages([], [], []);
        await ReadTextsAsync(taskIds, found, cancellationToken);
        var open = await ReadLastAsync(taskIds, cancellationToken);
        await using var command = source.CreateCommand(RowsSql);
        command.Parameters.AddWithValue(taskIds);
        command.Parameters.AddWithValue(taskIds.Select(id => open.TryGetValue(id, out var last) ? last.After : 0L).ToArray());
        command.Parameters.AddWithValue(MaxRowsOfTask);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        Passage? passage = null;
        var (current, rows) = ("", 0);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (taskId, offset) = (reader.GetString(0), reader.GetInt64(1));
            if (taskId != current)
            {
                (current, rows, passage) = (taskId, 0, null);
            }

            if (++rows == MaxRowsOfTask)
            {
                found.Unfinished.Add(taskId);
            }

            if (await reader.IsDBNullAsync(2, cancellationToken))
            {
                continue;
            }

            if (passage is null or { Length: >= Passage.FullLength })
            {
                if (passage is null && open.TryGetValue(taskId, out var last) && last.Id is { } id && offset == last.First)
                {
                    found.Replaced.Add(id);
                }

                found.Passages.Add(passage = new Passage(taskId, "output", offset, offset));
            }

            passage.Add(reader.GetString(2), offset);
        }

        // What was only read again to be joined with more, and nothing more came, stays as it is.
        LeaveUnchanged(found, open);
        return found;
    }

    /// <summary>Stores passages in place of others, which gives them their ids, and takes these entries from the queue.</summary>
    public async Task WriteAsync(NewPassages passages, IReadOnlyCollection<long> queueIds, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (passages.Replaced.Count > 0)
        {
            await using var delete = new NpgsqlCommand("DELETE FROM search_passages WHERE id = ANY ($1)", connection);
            delete.Parameters.AddWithValue(passages.Replaced.ToArray());
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        if (passages.Passages.Count > 0)
        {
            await InsertAsync(connection, passages.Passages, cancellationToken);
        }

        await using (var done = new NpgsqlCommand("DELETE FROM search_queue WHERE id = ANY ($1)", connection))
        {
            done.Parameters.AddWithValue(queueIds.ToArray());
            await done.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>What was just inserted waits in a list that every search reads as well: it is put into the index here, all at once.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT gin_clean_pending_list('ix_search_passages_words')");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    private static void LeaveUnchanged(NewPassages found, Dictionary<string, LastPassage> open)
    {
        foreach (var passage in found.Passages.Where(passage => open.TryGetValue(passage.TaskId, out var last)
            && passage.Part == "output" && last.Id is not null && passage.FirstOffset == last.First && passage.LastOffset == last.Last).ToList())
        {
            found.Passages.Remove(passage);
            found.Replaced.Remove(open[passage.TaskId].Id!.Value);
        }
    }

    private static async Task InsertAsync(NpgsqlConnection connection, List<Passage> passages, CancellationToken cancellationToken)
    {
        // The id is a part of what is indexed, so it comes first. One process writes at a time: ids are in the order of the rows.
        await using (var alone = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection))
        {
            alone.Parameters.AddWithValue(IdsLock);
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var next = new NpgsqlCommand("SELECT nextval('search_passages_id_seq') FROM generate_series(1, $1)", connection))
        {
            next.Parameters.AddWithValue(passages.Count);
            await using var reader = await next.ExecuteReaderAsync(cancellationToken);
            foreach (var passage in passages)
            {
                await reader.ReadAsync(cancellationToken);
                passage.Id = reader.GetInt64(0);
            }
        }

        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO search_passages (id, task_id, part, first_offset, last_offset, length, digest, words)
            SELECT id, task_id, part, first_offset, last_offset, length, digest, words::tsvector
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS new (id, task_id, part, first_offset, last_offset, length, digest, words)
            """,
            connection);
        insert.Parameters.AddWithValue(passages.Select(passage => passage.Id).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.TaskId).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.Part).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.FirstOffset).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.LastOffset).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.Length).ToArray());
        insert.Parameters.AddWithValue(passages.Select(passage => passage.Digest).ToArray());
        insert.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Text, passages.Select(passage => passage.ToTsVector()).ToArray());
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task ReadTextsAsync(string[] taskIds, NewPassages found, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(TextsSql);
        command.Parameters.AddWithValue(taskIds);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var text = reader.GetString(2);
            if (!await reader.IsDBNullAsync(3, cancellationToken))
            {
                if (reader.GetInt64(4) == Passage.DigestOf(text))
                {
                    continue;
                }

                found.Replaced.Add(reader.GetInt64(3));
            }

            found.Passages.Add(Passage.Of(reader.GetString(0), reader.GetString(1), text));
        }
    }

    private async Task<Dictionary<string, LastPassage>> ReadLastAsync(string[] taskIds, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(LastSql);
        command.Parameters.AddWithValue(taskIds);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var last = new Dictionary<string, LastPassage>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            // One that has room is read again together with what is new, so that a short output is one passage however slowly it came.
            var hasRoom = reader.GetInt32(4) < Passage.FullLength / 2;
            last[reader.GetString(0)] = new LastPassage(
                hasRoom ? reader.GetInt64(1) : null, reader.GetInt64(2), reader.GetInt64(3), hasRoom ? reader.GetInt64(2) - 1 : reader.GetInt64(3));
        }

        return last;
    }

    /// <param name="Id">The passage, where it has room.</param>
    /// <param name="First">Its first offset.</param>
    /// <param name="Last">Its last offset.</param>
    /// <param name="After">What is new begins after it.</param>
    private sealed record LastPassage(long? Id, long First, long Last, long After);
}

/// <param name="Passages">To be stored.</param>
/// <param name="Replaced">Ids of those that they replace.</param>
/// <param name="Unfinished">Tasks that have more than was read at once.</param>
internal sealed record NewPassages(List<Passage> Passages, HashSet<long> Replaced, HashSet<string> Unfinished);
