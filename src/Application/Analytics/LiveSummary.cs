using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Queries;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Analytics;

/// <summary>
/// Says on the channel <c>stats</c> what the tasks come to: once per second at most, while somebody watches here, when it has changed or somebody new watches. Every
/// instance asks for itself: that is cheaper than to tell the others what changed.
/// </summary>
internal sealed class LiveSummary(
    IServiceScopeFactory scopes, IRealtimePublisher publisher, IRealtimeStatistics statistics, TimeProvider time, ILogger<LiveSummary> logger)
    : PeriodicWork("Nobody can be told what the tasks come to", TimeSpan.FromSeconds(1), time, logger)
{
    private Summary? _said;
    private long _joins;

    protected override async Task WorkAsync(CancellationToken cancellationToken)
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
        publisher.Publish(new ChannelFrame(Channels.Stats, null, Time.GetUtcNow(), new StatsMessage(summary)));
    }
}
