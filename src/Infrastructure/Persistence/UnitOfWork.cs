using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>One transaction for the aggregates, the outbox rows of what happened to them, and what is said of it on the channels of conversations.</summary>
internal sealed class UnitOfWork(DashboardDbContext db) : IUnitOfWork
{
    public async Task<IReadOnlyList<LogAppend>> CommitAsync(CancellationToken cancellationToken)
    {
        var changed = db.ChangeTracker.Entries<Entity>().Select(entry => entry.Entity).ToList();
        var events = changed.SelectMany(entity => entity.DomainEvents).ToList();
        var pending = events.OfType<AgentTaskChanged>()
            .Select(change => (Entry: TaskStatusEntries.From(change), Record: OutboxPayload.ToRecord(TaskStatusEntries.From(change))))
            .ToList();
        db.Outbox.AddRange(pending.Select(p => p.Record));
        var tellsAgents = db.ChangeTracker.Entries<AgentOutboxRecord>().Any();
        // A message comes before what it did to its task.
        var said = ConversationLog.Group(events.OfType<MessageAdded>(), pending.Select(p => p.Entry));
        try
        {
            if (said.Count > 0)
            {
                await db.BeginAsync(cancellationToken);
                await ConversationLog.LockAsync(db, said, cancellationToken);
            }

            await db.SaveChangesAsync(cancellationToken);
            await ConversationLog.AppendAsync(db, said, cancellationToken);
            if (tellsAgents)
            {
                await PostgresSignals.SendAsync(db, PostgresSignals.Agents, "", cancellationToken);
            }

            if (db.Database.CurrentTransaction is { } transaction)
            {
                await transaction.CommitAsync(cancellationToken);
                await transaction.DisposeAsync();
            }
        }
        catch (DbUpdateConcurrencyException e)
        {
            throw new ConcurrencyException("The same thing was changed meanwhile.", e);
        }
        catch (Exception e) when ((e as PostgresException ?? e.InnerException as PostgresException)?.SqlState
            is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
        {
            throw new ConcurrencyException("The same thing was added or changed meanwhile.", e);
        }

        changed.ForEach(entity => entity.ClearDomainEvents());
        return [.. pending.Select(p => new LogAppend(p.Entry.Message.TaskId, [p.Entry]) { OutboxIds = [p.Record.Id] })];
    }

    public void Reset()
    {
        db.ChangeTracker.Clear();
        db.Database.CurrentTransaction?.Dispose();
    }
}
