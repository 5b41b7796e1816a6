using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Conversations;
using GrooteDashboard.Domain.Identity;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>The tables. The schema is made by the SQL migrations; a test compares both.</summary>
public sealed class DashboardDbContext(DbContextOptions<DashboardDbContext> options) : DbContext(options)
{
    public DbSet<AgentTask> Tasks => Set<AgentTask>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<Conversation> Conversations => Set<Conversation>();

    public DbSet<Message> Messages => Set<Message>();

    public DbSet<Budget> Budgets => Set<Budget>();

    public DbSet<BudgetTrip> BudgetTrips => Set<BudgetTrip>();

    internal DbSet<TaskLogRecord> TaskLog => Set<TaskLogRecord>();

    internal DbSet<OutboxRecord> Outbox => Set<OutboxRecord>();

    internal DbSet<AgentOutboxRecord> AgentOutbox => Set<AgentOutboxRecord>();

    internal DbSet<SearchPassageRecord> SearchPassages => Set<SearchPassageRecord>();

    internal DbSet<SearchPairsRecord> SearchPairs => Set<SearchPairsRecord>();

    internal DbSet<SearchQueueRecord> SearchQueue => Set<SearchQueueRecord>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(DashboardDbContext).Assembly);
}
