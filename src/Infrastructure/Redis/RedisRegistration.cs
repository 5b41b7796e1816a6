using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using GrooteDashboard.Infrastructure.Redis.Resp;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrooteDashboard.Infrastructure.Redis;

public static class RedisRegistration
{
    /// <summary>
    /// The way in from Redis. It needs an <see cref="IIngestLease"/>, and the ports of the log. To be called after the log is registered:
    /// hosted services stop in reverse order, and what is still taken in has to find the log open.
    /// </summary>
    /// <exception cref="FormatException">The configured connection cannot be read; one line says why.</exception>
    public static IServiceCollection AddRedis(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (RedisConnectionString.From(configuration) is not { Length: > 0 } connection)
        {
            return services.AddWithoutRedis();
        }

        // A wrong connection stops the process here, before anything starts.
        var client = RedisConnectionString.Parse(connection);
        services.AddOptions<RedisOptions>().BindConfiguration(RedisOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddMetrics();

        services.AddSingleton<IngestMetrics>();
        services.AddSingleton<TaskIngest>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisSubscriber>(provider, client));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisConnection>(provider, client));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisLine>(provider, client));
        services.AddSingleton<RedisChannelBridge>();
        services.AddSingleton<TaskEventStreamReader>();
        services.AddSingleton<ProducerIngest>();
        services.AddSingleton<RedisAgentQueue>();
        services.AddSingleton<IAgentQueue>(provider => provider.GetRequiredService<RedisAgentQueue>());
        services.Replace(ServiceDescriptor.Singleton<ITicketStore, RedisTicketStore>());
        services.AddSingleton<ISourceProgress>(provider => provider.GetRequiredService<TaskEventStreamReader>());
        services.AddSingleton<IComponentHealth>(provider => provider.GetRequiredService<RedisConnection>());
        services.AddSingleton<IComponentHealth, IngestHealth>();
        services.AddHostedService(provider => provider.GetRequiredService<ProducerIngest>());
        return services;
    }

    private static IServiceCollection AddWithoutRedis(this IServiceCollection services)
    {
        services.AddSingleton<WithoutRedis>();
        services.AddSingleton<IAgentQueue>(provider => provider.GetRequiredService<WithoutRedis>());
        services.AddSingleton<ISourceProgress>(provider => provider.GetRequiredService<WithoutRedis>());
        services.AddSingleton<IComponentHealth>(provider => new DisabledComponent("redis", provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IComponentHealth>(provider => new DisabledComponent("ingest", provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
