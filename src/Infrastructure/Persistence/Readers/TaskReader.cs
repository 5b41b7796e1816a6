using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskReader(
    DashboardDbContext db, [FromKeyedServices(PlainReads.Pool)] NpgsqlDataSource source, TaskCounts counts, IMapper mapper) : ITaskReader
{
    private static readonly AgentTaskStatus[] Final = [.. Enum.GetValues<AgentTaskStatus>().Where(status => status.IsFinal())];

    public async Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        var page = db.Tasks.Matching(filter).InOrder(order, after).Skip(skip).Take(take);
        if (skip > 0 || filter.HasRange())
        {
            // Which they are first: what is shown of a task is made for those of the page alone, not for those that are passed over. Of a range it is known from
            // the index (0009_range_indexes.sql), and only their rows are read.
            var ids = page.Select(task => task.TaskId);
            page = db.Tasks.Where(task => ids.Contains(task.TaskId)).InOrder(order, null);
        }

        // In the same statement: another one would be another way there and back.
        var rows = page.ProjectTo<TaskSummary>(mapper.ConfigurationProvider).Select(task => new
        {
            Task = task,
            LastOutputAt = Final.Contains(task.Status)
                ? null
                : db.TaskLog.Where(entry => entry.TaskId == task.TaskId).OrderByDescending(entry => entry.Offset).Select(entry => (DateTimeOffset?)entry.Timestamp).FirstOrDefault(),
        });
        var items = filter.Text is null ? await rows.ToListAsync(cancellationToken) : await db.SearchAsync(() => rows.ToListAsync(cancellationToken), cancellationToken);
        return [.. items.Select(item => item.LastOutputAt is { } at ? item.Task with { LastOutputAt = at } : item.Task)];
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
}
