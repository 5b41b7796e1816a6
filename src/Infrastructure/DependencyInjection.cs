using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Infrastructure.Files;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Infrastructure.Persistence.Readers;
using GrooteDashboard.Infrastructure.Persistence.Repositories;
using GrooteDashboard.Infrastructure.Persistence.Rollups;
using GrooteDashboard.Infrastructure.Persistence.Search;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Infrastructure.Redis.Agents;
using GrooteDashboard.Infrastructure.Redis.Log;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace GrooteDashboard.Infrastructure;

public static class DependencyInjection
{
    /// <summary>Registers the adapters of every port of the Application layer: PostgreSQL and Redis.</summary>
    /// <exception cref="ConfigurationException">A connection is missing or cannot be read.</exception>
    public static IServiceCollection AddDashboardInfrastructure(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddPostgres(PostgresConnectionString.From(configuration));
        services.AddTaskRecordFiles(configuration);
        try
        {
            services.AddRedis(configuration);
            if (RedisConnectionString.From(configuration) is { Length: > 0 })
            {
                services.AddSingleton<AgentEngine>();
                services.AddHostedService<AgentRelay>();
                services.AddRedisLog();
            }
        }
        catch (FormatException e)
        {
            throw new ConfigurationException($"ConnectionStrings__Redis or REDIS_URL: {e.Message}", e);
        }

        // Around whichever log was registered above.
        services.Decorate<IChannelFeed>((log, provider) => new ChannelFeeds(log, provider.GetRequiredService<ConversationFeed>()));
        services.Replace(ServiceDescriptor.Singleton<IChannelPositions>(provider => provider.GetRequiredService<IChannelFeed>()));
        return services;
    }

    internal static IServiceCollection AddPostgres(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connectionString).Build());
        services.AddKeyedSingleton(PlainReads.PlannedOnce, (_, key) => PlainReads.Create(connectionString, (string)key!));
        services.AddKeyedSingleton(PlainReads.PlannedForValues, (_, key) => PlainReads.Create(connectionString, (string)key!));
        services.AddDbContextPool<DashboardDbContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            // The schema is made by SQL files, not by the model; a test compares the two.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)));
        services.AddScoped<IUnitOfWork, UnitOfWork>();
        services.AddSingleton<ITaskLogStore, TaskLogStore>();
        services.AddSingleton<TaskCounts>();
        services.AddSingleton<TaskLoader>();
        services.AddSingleton<IIngestLease>(provider =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.IngestKey, "take in what the producers send"));
        services.AddKeyedSingleton<IIngestLease>(PendingWriter.LeaseName, (provider, _) =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.LogWriterKey, "store the log"));
        services.Scan(scan => scan.FromAssemblyOf<DashboardDbContext>()
            .AddClasses(classes => classes.InNamespaceOf(typeof(AgentTaskRepository), typeof(TaskReader)), publicOnly: false)
            .AsImplementedInterfaces().WithScopedLifetime());
        services.AddKeyedSingleton<IIngestLease>(AgentRelay.LeaseName, (provider, _) =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.AgentsKey, "tell the agent engine what it is to do"));
        services.AddKeyedSingleton<IIngestLease>(RollupFolder.LeaseName, (provider, _) =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.RollupsKey, "fold the rollups"));
        services.AddSingleton<RollupStore>();
        services.AddSingleton<IRollupMaintenance, RollupRebuilder>();
        services.AddSingleton<RollupFolder>();
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<RollupFolder>());
        services.AddHostedService(provider => provider.GetRequiredService<RollupFolder>());
        services.AddKeyedSingleton<IIngestLease>(BudgetWatcher.LeaseName, (provider, _) =>
            ActivatorUtilities.CreateInstance<PostgresLease>(provider, PostgresLease.BudgetsKey, "watch the budgets"));
        services.AddSingleton<BudgetWatcher>();
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<BudgetWatcher>());
        services.AddHostedService(provider => provider.GetRequiredService<BudgetWatcher>());
        services.AddSingleton<PostgresSignals>();
        services.AddHostedService(provider => provider.GetRequiredService<PostgresSignals>());
        services.AddSingleton<AgentOutboxStore>();
        services.AddSingleton<ConversationLog>();
        services.AddSingleton<ConversationFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<ConversationFeed>());
        services.AddSearch();
        services.AddSingleton<DatabaseMonitor>();
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<DatabaseMonitor>());
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseMonitor>());
        return services;
    }
}
