using System.Runtime.CompilerServices;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskLogReader(DashboardDbContext db, NpgsqlDataSource source) : ITaskLogReader
{
    /// <summary>Characters in one answer, about: entries are up to 256 KB each.</summary>
    private const int MaxPageLength = 16 * 1024 * 1024;

    private const int PortionSize = 250;

    /// <summary>Characters of text that are fetched at once, about.</summary>
    private const int TextPortionLength = 1024 * 1024;

    private const int MaxTextPortionSize = 5_000;

    public async Task<TaskLogPage?> ReadAsync(string taskId, TaskLogRange range, CancellationToken cancellationToken)
    {
        if (await PeekAsync(taskId, cancellationToken) is not { } task)
        {
            return null;
        }

        var backward = range.Before is not null;
        var entries = new List<TaskLogEntry>();
        var (length, hasMore) = (0L, true);
        // Portion by portion: rows may be large, and what an answer has no room for is not even fetched.
        while (hasMore && entries.Count < range.Limit && length < MaxPageLength)
        {
            var wanted = Math.Min(PortionSize, range.Limit - entries.Count);
            var rows = Rows(taskId, range, entries.Count == 0 ? null : entries[^1].Offset);
            var portion = await (backward ? rows.OrderByDescending(row => row.Offset) : rows.OrderBy(row => row.Offset))
                .Take(wanted + 1).ToListAsync(cancellationToken);
            hasMore = portion.Count > wanted;
            entries.AddRange(portion.Take(wanted).Select(ToEntry));
            length += portion.Sum(row => (long)(row.Output?.Length ?? 0));
        }

        if (backward)
        {
            entries.Reverse();
        }

        return new TaskLogPage(taskId, entries, task.LastOffset, hasMore);
    }

    public Task<StoredTask?> PeekAsync(string taskId, CancellationToken cancellationToken) =>
        db.Tasks.Where(task => task.TaskId == taskId)
            .Select(task => new StoredTask(
                task.Status,
                task.Error,
                // What came before a change is stored at the latest together with the change, which ends its row in the outbox.
                task.OutputDueAt != null || db.Outbox.Any(row => row.Topic == OutboxRecord.TaskLogTopic && row.Key == taskId),
                db.TaskLog.Where(row => row.TaskId == taskId).Max(row => (long?)row.Offset) ?? 0))
            .SingleOrDefaultAsync(cancellationToken);

    public async IAsyncEnumerable<(long Offset, string Text)> ReadOutputAsync(
        string taskId, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Page by page: a slow reader must not hold a connection of the pool.
        while (true)
        {
            var page = await db.TaskLog.AsNoTracking()
                .Where(row => row.TaskId == taskId && row.Kind == OutputKinds.Output && row.Offset > after)
                .OrderBy(row => row.Offset).Take(PortionSize)
                .Select(row => new { row.Offset, row.Output })
                .ToListAsync(cancellationToken);
            foreach (var row in page)
            {
                after = row.Offset;
                yield return (row.Offset, row.Output!);
            }

            if (page.Count < PortionSize)
            {
                yield break;
            }
        }
    }

    public async IAsyncEnumerable<TaskLogText> ReadTextsAsync(
        string taskId, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Most logs are many short entries, some are few of 256 KB: a portion has as many as the one before lets expect.
        for (var size = PortionSize; ;)
        {
            var portion = await ReadTextPortionAsync(taskId, after, size, cancellationToken);
            var length = 0L;
            foreach (var entry in portion)
            {
                (after, length) = (entry.Offset, length + entry.Text.Length);
                yield return entry;
            }

            if (portion.Count < size)
            {
                yield break;
            }

            size = (int)Math.Clamp(TextPortionLength * (long)size / Math.Max(length, 1), 1, MaxTextPortionSize);
        }
    }

    private async Task<List<TaskLogText>> ReadTextPortionAsync(string taskId, long after, int size, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """SELECT "offset", kind, "timestamp", coalesce(output, '') FROM task_log WHERE task_id = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3""", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = taskId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        await command.PrepareAsync(cancellationToken);
        var portion = new List<TaskLogText>(size);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            portion.Add(new TaskLogText(
                reader.GetInt64(0),
                reader.IsDBNull(1) ? null : reader.GetString(1),
                reader.GetFieldValue<DateTimeOffset>(2),
                reader.GetString(3)));
        }

        return portion;
    }

    /// <param name="taskId">The task.</param>
    /// <param name="range">What is asked for.</param>
    /// <param name="reached">Offset of the last entry that was read of it.</param>
    private IQueryable<TaskLogRecord> Rows(string taskId, TaskLogRange range, long? reached)
    {
        var rows = db.TaskLog.AsNoTracking().Where(row => row.TaskId == taskId);
        if (range.Kinds is { } kinds)
        {
            rows = rows.Where(row => row.Kind != null && kinds.Contains(row.Kind));
        }

        return range.Before is { } before
            ? rows.Where(row => row.Offset < (reached ?? before))
            : rows.Where(row => row.Offset > (reached ?? range.After ?? 0));
    }

    private static TaskLogEntry ToEntry(TaskLogRecord row) => new(
        row.Offset,
        row.Kind is null ? "status" : "output",
        row.Timestamp,
        row.Kind,
        row.Output,
        row.Data is null ? null : JsonElement.Parse(row.Data),
        row.Status,
        row.PreviousStatus);
}
