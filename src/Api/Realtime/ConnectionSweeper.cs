using GrooteDashboard.Api.Realtime.Sockets;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>One timer for all connections: heartbeats, stalls, credentials that expire, closing deadlines, HTTP's time limits. And the drain when the server stops.</summary>
internal sealed partial class ConnectionSweeper(
    RealtimeHub hub,
    ConnectionRegistry connections,
    HttpHeartbeat http,
    IOptions<RealtimeOptions> options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<ConnectionSweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The web server stops before this service does: the drain and the closing handshakes that it begins still have their time.
        using var draining = lifetime.ApplicationStopping.Register(() => _ = DrainAsync(stoppingToken));
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Sweep();
            }
        }
        catch (OperationCanceledException)
        {
            hub.AbortAll();
        }
    }

    private async Task DrainAsync(CancellationToken stoppingToken)
    {
        try
        {
            await hub.DrainAsync(time, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // There was no time: those who are left are cut.
        }
    }

    private void Sweep()
    {
        try
        {
            connections.Sweep(time.GetTimestamp());
            http.Beat();
        }
        catch (Exception e)
        {
            // One connection that cannot be looked after must not end the heartbeat of the others, nor the host.
            LogSweepFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A sweep over the connections failed")]
    private static partial void LogSweepFailed(ILogger logger, Exception exception);
}
