using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Repositories;

internal sealed class AgentTaskRepository(DashboardDbContext db) : IAgentTaskRepository
{
    public Task<AgentTask?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        db.Tasks.SingleOrDefaultAsync(task => task.TaskId == taskId, cancellationToken);

    public async Task<IReadOnlyList<AgentTask>> FindAllAsync(IReadOnlyList<string> taskIds, CancellationToken cancellationToken) =>
        await db.Tasks.Where(task => taskIds.Contains(task.TaskId)).OrderBy(task => task.ConversationId).ThenBy(task => task.TaskId).ToListAsync(cancellationToken);

    public async Task<IReadOnlyList<AgentTask>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        await db.Tasks.Where(task => task.ProvisionalUntil <= now || task.OutputDueAt <= now)
            .OrderBy(task => task.CompletedAt).Take(limit).ToListAsync(cancellationToken);

    public Task<AgentTask?> FindNewestOfAsync(string conversationId, CancellationToken cancellationToken) =>
        db.Tasks.Where(task => task.ConversationId == conversationId)
            .OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId).FirstOrDefaultAsync(cancellationToken);

    public void Add(AgentTask task) => db.Tasks.Add(task);
}
