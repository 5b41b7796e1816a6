using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskReader(DashboardDbContext db, TaskCounts counts, IMapper mapper) : ITaskReader
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

    public async Task<TaskDetails?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        var task = await db.Tasks.Where(t => t.TaskId == taskId).ProjectTo<TaskDetails>(mapper.ConfigurationProvider)
            .SingleOrDefaultAsync(cancellationToken);
        if (task is null || task.Status.IsFinal())
        {
            return task;
        }

        var lastOutput = await ReadLastOutputAsync([taskId], cancellationToken);
        return lastOutput.TryGetValue(taskId, out var at) ? task with { LastOutputAt = at } : task;
    }

    /// <summary>One step of an index per agent, however many tasks there are.</summary>
    public async Task<IReadOnlyList<string>> ListAgentsAsync(int limit, CancellationToken cancellationToken) =>
        await db.Database.SqlQuery<string>(
            $"""
            WITH RECURSIVE agents AS (
                (SELECT order_agent AS agent FROM tasks WHERE order_agent > '' ORDER BY order_agent LIMIT 1)
                UNION ALL
                SELECT (SELECT t.order_agent FROM tasks t WHERE t.order_agent > agents.agent ORDER BY t.order_agent LIMIT 1)
                FROM agents WHERE agents.agent IS NOT NULL
            )
            SELECT agent AS "Value" FROM agents WHERE agent IS NOT NULL LIMIT {limit}
            """).ToListAsync(cancellationToken);

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
