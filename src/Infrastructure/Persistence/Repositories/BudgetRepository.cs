using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Domain.Budgets;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Repositories;

internal sealed class BudgetRepository(DashboardDbContext db) : IBudgetRepository
{
    public Task<Budget?> FindAsync(string budgetId, CancellationToken cancellationToken) =>
        db.Budgets.SingleOrDefaultAsync(budget => budget.BudgetId == budgetId, cancellationToken);

    public Task<int> CountAsync(CancellationToken cancellationToken) => db.Budgets.CountAsync(cancellationToken);

    public void Add(Budget budget) => db.Budgets.Add(budget);

    public void Remove(Budget budget) => db.Budgets.Remove(budget);

    public async Task<ILookup<string, int>> ListRecordedAsync(IReadOnlyDictionary<string, DateTimeOffset> periods, CancellationToken cancellationToken)
    {
        string[] ids = [.. periods.Keys];
        DateTimeOffset[] starts = [.. periods.Values];
        var trips = await db.BudgetTrips.FromSql(
            $"SELECT t.* FROM budget_trips t JOIN unnest({ids}, {starts}) AS period (budget_id, period_start) USING (budget_id, period_start)")
            .AsNoTracking().ToListAsync(cancellationToken);
        return trips.ToLookup(trip => trip.BudgetId, trip => trip.Threshold);
    }

    public void Add(BudgetTrip trip) => db.BudgetTrips.Add(trip);
}
