using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskReader(DashboardDbContext db, NpgsqlDataSource source, TaskCounts counts, IMapper mapper) : ITaskReader
{
    private const string LastOutput =
        """
        SELECT task.id, newest."timestamp"
        FROM unnest($1) AS task (id)
        CROSS JOIN LATERAL (SELECT "timestamp" FROM task_log WHERE task_id = task.id ORDER BY "offset" DESC LIMIT 1) AS newest
        """;

    public async Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        var page = db.Tasks.Matching(filter).InOrder(order, after).Skip(skip).Take(take);
        if (filter.HasRange())
        {
            // Which they are is known from the index alone (0009_range_indexes.sql): only their rows are read, not those of all matches.
            var ids = page.Select(task => task.TaskId);
            page = db.Tasks.Where(task => ids.Contains(task.TaskId)).InOrder(order, null);
        }

        var rows = page.ProjectTo<TaskSummary>(mapper.ConfigurationProvider);
        var items = filter.Text is null ? await rows.ToListAsync(cancellationToken) : await db.SearchAsync(() => rows.ToListAsync(cancellationToken), cancellationToken);
        var lastOutput = await ReadLastOutputAsync([.. items.Where(item => !item.Status.IsFinal()).Select(item => item.TaskId)], cancellationToken);
        return [.. items.Select(item => lastOutput.TryGetValue(item.TaskId, out var at) ? item with { LastOutputAt = at } : item)];
    }

    public Task<long?> CountAsync(TaskFilter filter, CancellationToken cancellationToken) => counts.CountAsync(filter, cancellationToken);

    public async Task<FoundTask?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var batch = TaskRow.Ask(connection, taskId);
        await batch.PrepareAsync(cancellationToken);
        await using var answer = await batch.ExecuteReaderAsync(cancellationToken);
        return await TaskRow.ReadAsync(answer, cancellationToken);
    }

    private async Task<Dictionary<string, DateTimeOffset>> ReadLastOutputAsync(string[] taskIds, CancellationToken cancellationToken)
    {
        if (taskIds.Length == 0)
        {
            return [];
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(LastOutput, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = taskIds });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var newest = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            newest.Add(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1));
        }

        return newest;
    }
}
