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
    public async Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        var items = await db.Tasks.Matching(filter).InOrder(order, after).Skip(skip).Take(take)
            .ProjectTo<TaskSummary>(mapper.ConfigurationProvider).ToListAsync(cancellationToken);
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

        var newest = await db.Tasks.Where(task => taskIds.Contains(task.TaskId))
            .Select(task => new
            {
                task.TaskId,
                At = db.TaskLog.Where(row => row.TaskId == task.TaskId).OrderByDescending(row => row.Offset)
                    .Select(row => (DateTimeOffset?)row.Timestamp).FirstOrDefault(),
            })
            .ToListAsync(cancellationToken);
        return newest.Where(row => row.At is not null).ToDictionary(row => row.TaskId, row => row.At!.Value);
    }
}
