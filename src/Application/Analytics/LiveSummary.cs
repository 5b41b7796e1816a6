using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Queries;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Analytics;

/// <summary>
/// Says on the channel <c>stats</c> what the tasks come to: once per second at most, while somebody watches here, when it has changed or somebody new watches. Every
/// instance asks for itself: that is cheaper than to tell the others what changed.
/// </summary>
internal sealed partial class LiveSummary(
    IServiceScopeFactory scopes, IRealtimePublisher publisher, IRealtimeStatistics statistics, TimeProvider time, ILogger<LiveSummary> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private Summary? _said;
    private long _joins;
    private bool _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                deadline.CancelAfter(Patience);
                await LookAsync(deadline.Token);
                _isAway = false;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!_isAway)
                {
                    LogAway(e.GetType().Name);
                }

                _isAway = true;
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (statistics.JoinsOf(Channels.Stats) is not { } joins)
        {
            _said = null;
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var summary = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new GetSummaryQuery(AnalyticsScope.Everything), cancellationToken);
        // That time goes by is no change.
        if (joins == _joins && summary == _said?.AsOf(summary.To))
        {
            return;
        }

        (_said, _joins) = (summary, joins);
        publisher.Publish(new ChannelFrame(Channels.Stats, null, time.GetUtcNow(), new StatsMessage(summary)));
    }

    [LoggerMessage(LogLevel.Warning, "Nobody can be told what the tasks come to: {Error}; trying again every second")]
    private partial void LogAway(string error);
}
