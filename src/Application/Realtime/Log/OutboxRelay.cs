using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// Appends what a use case committed but could not append, because the process died or the log had no room. What is in the outbox for
/// a few seconds was left behind; the ids of its events keep a row that is on its way from being taken twice.
/// </summary>
internal sealed partial class OutboxRelay(ITaskLogStore store, ITaskLog log, TimeProvider time, ILogger<OutboxRelay> logger) : BackgroundService
{
    private const int MaxRows = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        // At the start nothing is on its way: everything that is there was left behind.
        var before = time.GetUtcNow();
        var failures = 0;
        do
        {
            try
            {
                var left = await store.ListOutboxAsync(before, MaxRows, stoppingToken);
                if (left.Count > 0)
                {
                    LogLeftBehind(left.Count);
                    await (await log.AppendAsync(left, stoppingToken)).WaitAsync(stoppingToken);
                }

                failures = 0;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The first look may come before the schema is there; and while the store is away it is said once.
                if (++failures == 2)
                {
                    LogFailed(e.GetType().Name);
                }
            }

            before = time.GetUtcNow() - Interval;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Information, "Appending {Count} changes that were left in the outbox")]
    private partial void LogLeftBehind(int count);

    [LoggerMessage(LogLevel.Warning, "The outbox cannot be relayed: {Error}")]
    private partial void LogFailed(string error);
}
