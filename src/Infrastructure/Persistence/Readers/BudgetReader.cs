using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Domain.Budgets;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class BudgetReader(DashboardDbContext db) : IBudgetReader
{
    public async Task<IReadOnlyList<Budget>> ListAsync(CancellationToken cancellationToken) =>
        await db.Budgets.AsNoTracking().OrderBy(budget => budget.Name).ThenBy(budget => budget.BudgetId).ToListAsync(cancellationToken);

    public Task<Budget?> FindAsync(string budgetId, CancellationToken cancellationToken) =>
        db.Budgets.AsNoTracking().SingleOrDefaultAsync(budget => budget.BudgetId == budgetId, cancellationToken);

    public async Task<IReadOnlyList<BudgetTripDetails>> ListTripsAsync(string budgetId, long? before, int limit, CancellationToken cancellationToken) =>
        await Detailed(db.BudgetTrips.Where(trip => trip.BudgetId == budgetId && (before == null || trip.TripId < before)).OrderByDescending(trip => trip.TripId))
            .Take(limit).ToListAsync(cancellationToken);

    public async Task<IReadOnlyList<BudgetTripDetails>> ListTripsAfterAsync(long tripId, int limit, CancellationToken cancellationToken) =>
        await Detailed(db.BudgetTrips.Where(trip => trip.TripId > tripId).OrderBy(trip => trip.TripId)).Take(limit).ToListAsync(cancellationToken);

    public Task<long> ReadLastTripAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        db.BudgetTrips.Where(trip => trip.TrippedAt < before).OrderByDescending(trip => trip.TripId).Select(trip => trip.TripId).FirstOrDefaultAsync(cancellationToken);

    private IQueryable<BudgetTripDetails> Detailed(IOrderedQueryable<BudgetTrip> trips) => trips.Join(
        db.Budgets,
        trip => trip.BudgetId,
        budget => budget.BudgetId,
        (trip, budget) => new BudgetTripDetails(
            trip.TripId, trip.BudgetId, budget.Name, trip.PeriodStart, trip.Threshold, trip.SpentUsd, trip.AmountUsd, trip.TrippedAt));
}
