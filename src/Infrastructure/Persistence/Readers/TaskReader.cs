using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskReader(DashboardDbContext db, IMapper mapper) : ITaskReader
{
    public async Task<Page<TaskSummary>> ListAsync(TaskFilter filter, int page, int perPage, CancellationToken cancellationToken)
    {
        var matching = Matching(filter);
        var total = await matching.LongCountAsync(cancellationToken);
        var items = await matching.OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId)
            .Skip((page - 1) * perPage).Take(perPage)
            .ProjectTo<TaskSummary>(mapper.ConfigurationProvider).ToListAsync(cancellationToken);
        var lastOutput = await ReadLastOutputAsync([.. items.Where(item => !item.Status.IsFinal()).Select(item => item.TaskId)], cancellationToken);
        return new Page<TaskSummary>(
            [.. items.Select(item => lastOutput.TryGetValue(item.TaskId, out var at) ? item with { LastOutputAt = at } : item)], total, page, perPage);
    }

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
                (SELECT assigned_agent FROM tasks WHERE assigned_agent IS NOT NULL ORDER BY assigned_agent LIMIT 1)
                UNION ALL
                SELECT (SELECT t.assigned_agent FROM tasks t WHERE t.assigned_agent > agents.assigned_agent ORDER BY t.assigned_agent LIMIT 1)
                FROM agents WHERE agents.assigned_agent IS NOT NULL
            )
            SELECT assigned_agent AS "Value" FROM agents WHERE assigned_agent IS NOT NULL LIMIT {limit}
            """).ToListAsync(cancellationToken);

    private IQueryable<AgentTask> Matching(TaskFilter filter)
    {
        var tasks = db.Tasks.AsNoTracking();
        if (filter.Statuses.Count > 0)
        {
            tasks = tasks.Where(task => filter.Statuses.Contains(task.Status));
        }

        if (!string.IsNullOrEmpty(filter.Agent))
        {
            tasks = tasks.Where(task => task.AssignedAgent == filter.Agent);
        }

        if (filter.From is { } from)
        {
            tasks = tasks.Where(task => task.CreatedAt >= from);
        }

        return filter.To is { } to ? tasks.Where(task => task.CreatedAt < to) : tasks;
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
