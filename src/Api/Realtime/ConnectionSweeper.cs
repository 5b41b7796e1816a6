using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>One timer for all connections: heartbeats, stalls, closing deadlines. And the drain when the server stops.</summary>
internal sealed class ConnectionSweeper(RealtimeHub hub, IOptions<RealtimeOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var draining = lifetime.ApplicationStopping.Register(hub.Drain);
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            // Beyond the host's own stop: the closing handshakes under way need their deadlines.
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                hub.Sweep(time.GetTimestamp());
            }
        }
        catch (OperationCanceledException)
        {
            hub.AbortAll();
        }
    }
}
