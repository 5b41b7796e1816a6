using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Registers the WebSocket edge. It needs an <see cref="IChannelFeed"/> from elsewhere.</summary>
internal static class RealtimeEdge
{
    public static IServiceCollection AddRealtimeEdge(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RealtimeOptions>()
            .Bind(configuration.GetSection(RealtimeOptions.Section))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);

        // Under TLS browsers would open WebSockets as streams of their shared HTTP/2 connection, where a slow one holds up the others.
        services.Configure<KestrelServerOptions>(kestrel => kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            UpgradableConnection.Attach(endpoint, endpoint.ApplicationServices.GetRequiredService<HttpHeartbeat>());
        }));
        services.AddSingleton<HttpHeartbeat>();
        services.AddSingleton<RealtimeMetrics>();
        services.AddSingleton(provider => new Lazy<IChannelFeed>(provider.GetRequiredService<IChannelFeed>));
        services.AddSingleton<Fanout>();
        services.AddSingleton<CatchUp>();
        services.AddSingleton<ConnectionRegistry>();
        services.AddSingleton<RealtimeHub>();
        services.AddSingleton<IRealtimePublisher>(provider => provider.GetRequiredService<RealtimeHub>());
        services.AddSingleton<IRealtimeStatistics>(provider => provider.GetRequiredService<RealtimeHub>());
        services.AddSingleton<ClientCommands>();
        services.AddSingleton<WebSocketAcceptor>();
        services.AddHostedService<ConnectionSweeper>();
        return services;
    }
}
