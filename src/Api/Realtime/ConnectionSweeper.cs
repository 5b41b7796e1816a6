using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>One timer for all connections: heartbeats, stalls, closing deadlines. And the drain when the server stops.</summary>
internal sealed partial class ConnectionSweeper(
    RealtimeHub hub,
    IOptions<RealtimeOptions> options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<ConnectionSweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The web server stops before this service does: the closing handshakes that the drain begins still have their deadlines.
        using var draining = lifetime.ApplicationStopping.Register(hub.Drain);
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

    private void Sweep()
    {
        try
        {
            hub.Sweep(time.GetTimestamp());
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
