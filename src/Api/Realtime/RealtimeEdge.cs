using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Registers the WebSocket edge. It needs an <see cref="IChannelPositions"/> from elsewhere.</summary>
internal static class RealtimeEdge
{
    public static IServiceCollection AddRealtimeEdge(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RealtimeOptions>()
            .Bind(configuration.GetSection(RealtimeOptions.Section))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RealtimeMetrics>();
        services.AddSingleton<RealtimeHub>();
        services.AddSingleton<IRealtimePublisher>(provider => provider.GetRequiredService<RealtimeHub>());
        services.AddSingleton<IRealtimeStatistics>(provider => provider.GetRequiredService<RealtimeHub>());
        services.AddSingleton<WebSocketAcceptor>();
        services.AddHostedService<ConnectionSweeper>();
        return services;
    }
}
