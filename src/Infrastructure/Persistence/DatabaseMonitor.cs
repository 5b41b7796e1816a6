using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Domain.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>Brings the schema up to date at start, whenever PostgreSQL comes, and from then on knows whether it is there.</summary>
internal sealed partial class DatabaseMonitor(
    NpgsqlDataSource source, IServiceScopeFactory scopes, TimeProvider time, ILogger<DatabaseMonitor> logger) : BackgroundService, IComponentHealth
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MigrationTimeout = TimeSpan.FromHours(6);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private bool _migrated;

    public string Name => "postgres";

    public ComponentHealth Current { get; private set; } = new("starting", time.GetUtcNow(), Ready: false, ComponentHealth.NoFigures);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await CheckAsync(stoppingToken);
                Become("up", ready: true, null);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Become("down", ready: false, e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (!_migrated)
        {
            await using var scope = scopes.CreateAsyncScope();
            // EF Core's lock on its history table lets several processes start at once.
            var db = scope.ServiceProvider.GetRequiredService<DashboardDbContext>();
            await MigrateAsync(db, cancellationToken);
            LogMigrated();
            await WarmUpAsync(db, cancellationToken);
            _migrated = true;
            return;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        await using var command = source.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(deadline.Token);
    }

    /// <summary>A migration may take as long as it needs; the time limit of ordinary statements is not for it.</summary>
    private static async Task MigrateAsync(DashboardDbContext db, CancellationToken cancellationToken)
    {
        var creator = db.GetService<IRelationalDatabaseCreator>();
        if (!await creator.ExistsAsync(cancellationToken))
        {
            await creator.CreateAsync(cancellationToken);
        }

        var timeout = db.Database.GetCommandTimeout();
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            db.Database.SetCommandTimeout(MigrationTimeout);
            await db.Database.ExecuteSqlAsync($"SET statement_timeout = 0", cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            db.Database.SetCommandTimeout(timeout);
            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>
    /// Runs the write path once and undoes it: the first task of a fresh process must not wait until EF Core has compiled its model and queries,
    /// which takes most of a second.
    /// </summary>
    private async Task WarmUpAsync(DashboardDbContext db, CancellationToken cancellationToken)
    {
        // No task of the users has this id.
        var taskId = $"warm-up-{Guid.NewGuid():N}";
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var entry = new StatusEntry(time.GetUtcNow(), "warm-up", new TaskStatusMessage(
            taskId, AgentTaskStatus.Running, null, 0, null, null, AgentTask.UnknownSource, null, null, null, null, null));
        db.Add(AgentTask.FromOutput(taskId, time.GetUtcNow(), "warm-up"));
        db.Add(OutboxPayload.ToRecord(entry));
        await db.SaveChangesAsync(cancellationToken);
        await db.Tasks.SingleAsync(task => task.TaskId == taskId, cancellationToken);
        await transaction.RollbackAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }

    private void Become(string status, bool ready, Exception? reason)
    {
        if (Current.Status == status)
        {
            return;
        }

        Current = new ComponentHealth(status, time.GetUtcNow(), ready, ComponentHealth.NoFigures);
        if (ready)
        {
            LogUp();
        }
        else
        {
            LogDown(reason?.GetType().Name ?? "", (reason as PostgresException)?.MessageText ?? (reason?.InnerException ?? reason)?.Message ?? "");
        }
    }

    [LoggerMessage(LogLevel.Information, "PostgreSQL is there")]
    private partial void LogUp();

    [LoggerMessage(LogLevel.Warning, "PostgreSQL is away: {Error} {Reason}; trying again every second")]
    private partial void LogDown(string error, string reason);

    [LoggerMessage(LogLevel.Information, "The schema is up to date")]
    private partial void LogMigrated();
}
