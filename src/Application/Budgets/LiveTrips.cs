using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.Application.Budgets;

/// <summary>
/// Says on the channel <c>system</c> which thresholds were recorded, whichever process recorded them (one at a time, so that their ids grow with time): every
/// instance looks for itself, once per second, at the end of an index.
/// </summary>
internal sealed class LiveTrips(IServiceScopeFactory scopes, IRealtimePublisher publisher, TimeProvider time, ILogger<LiveTrips> logger)
    : PeriodicWork("Nobody can be told which budgets reach their thresholds", TimeSpan.FromSeconds(1), time, logger)
{
    private const int MaxTrips = 100;

    private readonly DateTimeOffset _began = time.GetUtcNow();

    /// <summary>The newest that was told; what was recorded before this process began is no news.</summary>
    private long? _told;

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var reader = scope.ServiceProvider.GetRequiredService<IBudgetReader>();
        _told ??= await reader.ReadLastTripAsync(_began, cancellationToken);
        foreach (var trip in await reader.ListTripsAfterAsync(_told.Value, MaxTrips, cancellationToken))
        {
            publisher.Publish(new ChannelFrame(Channels.System, null, trip.TrippedAt, new BudgetTripMessage(trip)));
            _told = trip.TripId;
        }
    }
}
