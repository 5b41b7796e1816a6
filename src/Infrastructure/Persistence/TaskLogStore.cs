using System.Text.Json;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>The log in PostgreSQL: rows come by COPY, never one by one.</summary>
internal sealed class TaskLogStore(NpgsqlDataSource source, IServiceScopeFactory scopes, TimeProvider time, IEventIds ids) : ITaskLogStore
{
    private const string Columns = """task_id, "offset", "timestamp", source_id, kind, output, data, status, previous_status""";

    /// <summary>Characters in one answer of <see cref="ReadAsync"/>, about.</summary>
    private const int MaxReadLength = 4 << 20;

    /// <summary>What is stored already is left as it is.</summary>
    private const string LeaveOutStoredSql =
        """
        DELETE FROM repeated r USING task_log l
        WHERE l.task_id = r.task_id AND l."offset" = r."offset" AND l."timestamp" = r."timestamp"
          AND (l.source_id, l.kind, l.output, l.status) IS NOT DISTINCT FROM (r.source_id, r.kind, r.output, r.status)
        """;

    /// <summary>An offset that holds something else was given twice: that row is kept at the end of its task's log rather than lost.</summary>
    private const string MoveSql =
        """
        UPDATE repeated r SET "offset" = moved."offset"
        FROM (
            SELECT c.ctid AS place,
                   row_number() OVER (PARTITION BY c.task_id ORDER BY c."offset") + greatest(
                       (SELECT max(l."offset") FROM task_log l WHERE l.task_id = c.task_id),
                       (SELECT max(o."offset") FROM repeated o WHERE o.task_id = c.task_id)) AS "offset"
            FROM repeated c
            WHERE EXISTS (SELECT 1 FROM task_log l WHERE l.task_id = c.task_id AND l."offset" = c."offset")
        ) moved
        WHERE r.ctid = moved.place
        """;

    private const string TakeRepeatedSql = $"INSERT INTO task_log ({Columns}) SELECT {Columns} FROM repeated ON CONFLICT DO NOTHING";

    private const string HeadsSql =
        """
        SELECT t.task_id, t.status,
               coalesce((SELECT max(l."offset") FROM task_log l WHERE l.task_id = t.task_id), 0),
               EXISTS (SELECT 1 FROM task_log l WHERE l.task_id = t.task_id AND l.kind = 'output')
        FROM tasks t WHERE t.task_id = ANY ($1)
        """;

    public async Task<IReadOnlyList<OpenedTask>> OpenAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken)
    {
        var heads = await ReadHeadsAsync(taskIds, cancellationToken);
        var missing = taskIds.Where(id => !heads.ContainsKey(id)).ToList();
        var creations = missing.Count == 0 ? [] : await CreateAsync(missing, cancellationToken);
        if (creations.Count < missing.Count)
        {
            // Somebody registered some of them meanwhile.
            foreach (var (id, head) in await ReadHeadsAsync(missing.Where(id => !creations.ContainsKey(id)).ToList(), cancellationToken))
            {
                heads[id] = head;
            }
        }

        return
        [
            .. heads.Select(head => new OpenedTask(head.Key, head.Value, null)),
            .. creations.Select(creation => new OpenedTask(creation.Key, new TaskLogHead(0, AgentTaskStatus.Running, false), creation.Value)),
        ];
    }

    public async Task<TaskLogHead?> PeekAsync(string taskId, CancellationToken cancellationToken) =>
        (await ReadHeadsAsync([taskId], cancellationToken)).GetValueOrDefault(taskId);

    public async Task<IReadOnlyDictionary<string, TaskLogHead>> PeekAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken) =>
        await ReadHeadsAsync(taskIds, cancellationToken);

    public async Task<IReadOnlySet<(string TaskId, string SourceId)>> FindSourceIdsAsync(
        IReadOnlyCollection<(string TaskId, string SourceId)> ids, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            "SELECT l.task_id, l.source_id FROM unnest($1, $2) AS asked (task_id, source_id) JOIN task_log l USING (task_id, source_id)");
        command.Parameters.AddWithValue(ids.Select(id => id.TaskId).ToArray());
        command.Parameters.AddWithValue(ids.Select(id => id.SourceId).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new HashSet<(string, string)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetString(0), reader.GetString(1)));
        }

        return found;
    }

    public async Task<int> WriteAsync(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(rows, outboxIds, isRepeat: false, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // An earlier attempt was committed but its answer was lost.
            return await WriteAsync(rows, outboxIds, isRepeat: true, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            // Class 22 is data that has no place in a column, class 23 a broken constraint: the content is at fault, not the connection.
            throw new LogRejectedException(e.MessageText, e);
        }
    }

    public async Task<IReadOnlyList<ChannelFrame>> ReadAsync(string taskId, long after, int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            """SELECT "offset", "timestamp", kind, output, data, status, previous_status FROM task_log WHERE task_id = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3""");
        command.Parameters.AddWithValue(taskId);
        command.Parameters.AddWithValue(after);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var frames = new List<ChannelFrame>();
        var length = 0L;
        while (length < MaxReadLength && await reader.ReadAsync(cancellationToken))
        {
            var message = ToMessage(taskId, reader);
            length += message is TaskOutputMessage output ? output.Output.Length : 0;
            frames.Add(new ChannelFrame(Channels.Task(taskId), reader.GetInt64(0), new DateTimeOffset(reader.GetDateTime(1)), message));
        }

        return frames;
    }

    public async Task<IReadOnlyList<LogAppend>> ListOutboxAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            "SELECT id, key, payload FROM outbox WHERE topic = $1 AND created_at < $2 ORDER BY id LIMIT $3");
        command.Parameters.AddWithValue(OutboxRecord.TaskLogTopic);
        command.Parameters.AddWithValue(before.ToUniversalTime());
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var appends = new List<LogAppend>();
        while (await reader.ReadAsync(cancellationToken))
        {
            appends.Add(OutboxPayload.ToAppend(reader.GetInt64(0), reader.GetString(1), reader.GetString(2)));
        }

        return appends;
    }

    private static RealtimeMessage ToMessage(string taskId, NpgsqlDataReader row)
    {
        var data = row.IsDBNull(4) ? null : row.GetString(4);
        return row.IsDBNull(2)
            ? StatusData.ToMessage(
                taskId, StatusConverter.Parse(row.GetString(5)), row.IsDBNull(6) ? null : StatusConverter.Parse(row.GetString(6)), data!)
            : new TaskOutputMessage(taskId, row.GetString(3), row.GetString(2), data is null ? null : JsonElement.Parse(data));
    }

    private async Task<Dictionary<string, TaskLogHead>> ReadHeadsAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(HeadsSql);
        command.Parameters.AddWithValue(taskIds.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var heads = new Dictionary<string, TaskLogHead>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            heads[reader.GetString(0)] = new TaskLogHead(reader.GetInt64(2), StatusConverter.Parse(reader.GetString(1)), reader.GetBoolean(3));
        }

        return heads;
    }

    /// <summary>Creates tasks that nobody registered, through the aggregate; those that exist by now are left out of the answer.</summary>
    private async Task<Dictionary<string, LogAppend>> CreateAsync(IReadOnlyList<string> taskIds, CancellationToken cancellationToken)
    {
        var created = new Dictionary<string, LogAppend>(StringComparer.Ordinal);
        foreach (var taskId in taskIds)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<DashboardDbContext>().Tasks.Add(AgentTask.FromOutput(taskId, time.GetUtcNow(), ids.Next()));
            try
            {
                created[taskId] = (await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(cancellationToken))[0];
            }
            catch (ConcurrencyException)
            {
                // Registered a moment ago.
            }
        }

        return created;
    }

    private async Task<int> WriteAsync(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds, bool isRepeat, CancellationToken cancellationToken)
    {
        var moved = 0;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (rows.Count > 0 && isRepeat)
        {
            await ExecuteAsync(connection, "CREATE TEMP TABLE repeated (LIKE task_log) ON COMMIT DROP", cancellationToken);
            await CopyAsync(connection, "repeated", rows, cancellationToken);
            await ExecuteAsync(connection, LeaveOutStoredSql, cancellationToken);
            moved = await ExecuteAsync(connection, MoveSql, cancellationToken);
            await ExecuteAsync(connection, TakeRepeatedSql, cancellationToken);
        }
        else if (rows.Count > 0)
        {
            await CopyAsync(connection, "task_log", rows, cancellationToken);
        }

        if (rows.Count > 0)
        {
            // The indexer reads later what is said here now: one row for each task costs the writer next to nothing.
            await using var queue = new NpgsqlCommand("INSERT INTO search_queue (task_id) SELECT unnest($1)", connection);
            queue.Parameters.AddWithValue(rows.Select(row => row.TaskId).Distinct(StringComparer.Ordinal).ToArray());
            await queue.ExecuteNonQueryAsync(cancellationToken);
        }

        if (outboxIds.Count > 0)
        {
            await using var delete = new NpgsqlCommand("DELETE FROM outbox WHERE id = ANY ($1)", connection);
            delete.Parameters.AddWithValue(outboxIds.ToArray());
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return moved;
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string table, IReadOnlyList<LogRow> rows, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"COPY {table} ({Columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(row.TaskId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Offset, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(row.Timestamp.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await WriteTextAsync(copy, row.SourceId, NpgsqlDbType.Text, cancellationToken);
            await WriteTextAsync(copy, row.Kind, NpgsqlDbType.Text, cancellationToken);
            await WriteTextAsync(copy, row.Output, NpgsqlDbType.Text, cancellationToken);
            await WriteTextAsync(copy, row.Data?.GetRawText(), NpgsqlDbType.Json, cancellationToken);
            await WriteTextAsync(copy, row.Status?.Name(), NpgsqlDbType.Text, cancellationToken);
            await WriteTextAsync(copy, row.Previous?.Name(), NpgsqlDbType.Text, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static Task WriteTextAsync(NpgsqlBinaryImporter copy, string? value, NpgsqlDbType type, CancellationToken cancellationToken) =>
        value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, type, cancellationToken);

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
