using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Repositories;

internal sealed class AgentOutbox(DashboardDbContext db, TimeProvider time) : IAgentOutbox
{
    public void Add(AgentNotice notice) => db.AgentOutbox.Add(new AgentOutboxRecord
    {
        Kind = AgentOutboxStore.NameOf(notice.Kind),
        TaskId = notice.TaskId,
        Payload = notice.Payload,
        CreatedAt = time.GetUtcNow(),
    });

    public async Task<bool> WithdrawAsync(string taskId, CancellationToken cancellationToken)
    {
        await db.BeginAsync(cancellationToken);
        var work = AgentOutboxStore.NameOf(AgentNoticeKind.Work);
        return await db.AgentOutbox.Where(row => row.TaskId == taskId && row.Kind == work && row.TakenAt == null).ExecuteDeleteAsync(cancellationToken) > 0;
    }
}
