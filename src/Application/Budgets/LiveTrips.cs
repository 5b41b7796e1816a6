using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Budgets;

/// <summary>
/// Says on the channel <c>system</c> which thresholds were recorded, whichever process recorded them (one at a time, so that their ids grow with time): every
/// instance looks for itself, once per second, at the end of an index, while somebody watches here.
/// </summary>
internal sealed class LiveTrips(
    IServiceScopeFactory scopes, IRealtimePublisher publisher, IRealtimeStatistics statistics, TimeProvider time, ILogger<LiveTrips> logger)
    : PeriodicWork("Nobody can be told which budgets reach their thresholds", TimeSpan.FromSeconds(1), time, logger)
{
    private const int MaxTrips = 100;

    /// <summary>When nobody watched yet: what was recorded before is no news.</summary>
    private DateTimeOffset _unwatched = time.GetUtcNow();

    /// <summary>The newest that was told; null while nobody watches.</summary>
    private long? _told;

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        if (statistics.JoinsOf(Channels.System) is null)
        {
            (_told, _unwatched) = (null, Time.GetUtcNow());
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var reader = scope.ServiceProvider.GetRequiredService<IBudgetReader>();
        _told ??= await reader.ReadLastTripAsync(_unwatched, cancellationToken);
        foreach (var trip in await reader.ListTripsAfterAsync(_told.Value, MaxTrips, cancellationToken))
        {
            publisher.Publish(new ChannelFrame(Channels.System, null, trip.TrippedAt, new BudgetTripMessage(trip)));
            _told = trip.TripId;
        }
    }
}
