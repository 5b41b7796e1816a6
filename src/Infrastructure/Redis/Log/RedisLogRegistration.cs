using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.Tasks.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace GrooteDashboard.Infrastructure.Redis.Log;

internal static class RedisLogRegistration
{
    /// <summary>
    /// The log on Redis, for any number of instances, in the place of the one in memory. To be called after <see cref="RedisRegistration.AddRedis"/>.
    /// </summary>
    public static IServiceCollection AddRedisLog(this IServiceCollection services)
    {
        services.AddSingleton<StoredProgress>();
        services.AddSingleton<RedisTaskLog>();
        services.AddSingleton<RedisChannelFeed>();
        services.Replace(ServiceDescriptor.Singleton<ITaskLog>(provider => provider.GetRequiredService<RedisTaskLog>()));
        services.Replace(ServiceDescriptor.Singleton<ITaskStatusReader>(provider => provider.GetRequiredService<RedisTaskLog>()));
        services.Replace(ServiceDescriptor.Singleton<IChannelFeed>(provider => provider.GetRequiredService<RedisChannelFeed>()));
        services.Replace(ServiceDescriptor.Singleton<IChannelPositions>(provider => provider.GetRequiredService<RedisChannelFeed>()));
        // What the ingest says outside of the sequence is for those who watch on any instance.
        services.AddSingleton<RedisBroadcast>();
        services.Replace(ServiceDescriptor.Singleton(provider =>
            ActivatorUtilities.CreateInstance<TaskIngest>(provider, provider.GetRequiredService<RedisBroadcast>())));
        // First in, last out: what the log appends while it closes is still stored.
        services.AddSingleton<PendingWriter>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<PendingWriter>()));
        services.AddHostedService(provider => provider.GetRequiredService<RedisChannelFeed>());
        return services;
    }
}
