using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>One transaction for the aggregates and the outbox rows of what happened to them.</summary>
internal sealed class UnitOfWork(DashboardDbContext db) : IUnitOfWork
{
    public async Task<IReadOnlyList<LogAppend>> CommitAsync(CancellationToken cancellationToken)
    {
        var changed = db.ChangeTracker.Entries<Entity>().Select(entry => entry.Entity).ToList();
        var pending = changed.SelectMany(entity => entity.DomainEvents).OfType<AgentTaskChanged>()
            .Select(change => (Entry: TaskStatusEntries.From(change), Record: OutboxPayload.ToRecord(TaskStatusEntries.From(change))))
            .ToList();
        db.Outbox.AddRange(pending.Select(p => p.Record));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException e)
        {
            throw new ConcurrencyException("The task was changed meanwhile.", e);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ConcurrencyException("The same id was added meanwhile.", e);
        }

        changed.ForEach(entity => entity.ClearDomainEvents());
        return [.. pending.Select(p => new LogAppend(p.Entry.Message.TaskId, [p.Entry]) { OutboxIds = [p.Record.Id] })];
    }

    public void Reset() => db.ChangeTracker.Clear();
}
