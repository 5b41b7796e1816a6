using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets.Ports;

/// <summary>Budgets and what was recorded of them, to be read; what is done to a budget from here is not kept.</summary>
public interface IBudgetReader
{
    /// <summary>All of them, by name; there are never many (<see cref="Budget.MaxBudgets"/>).</summary>
    Task<IReadOnlyList<Budget>> ListAsync(CancellationToken cancellationToken);

    Task<Budget?> FindAsync(string budgetId, CancellationToken cancellationToken);

    /// <summary>What was recorded of a budget, newest first.</summary>
    /// <param name="budgetId">The budget.</param>
    /// <param name="before">Only what has a smaller id; null for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<BudgetTripDetails>> ListTripsAsync(string budgetId, long? before, int limit, CancellationToken cancellationToken);

    /// <summary>What was recorded of any budget after a trip, oldest first.</summary>
    Task<IReadOnlyList<BudgetTripDetails>> ListTripsAfterAsync(long tripId, int limit, CancellationToken cancellationToken);

    /// <summary>The newest trip that was recorded before a moment; 0 where there is none.</summary>
    Task<long> ReadLastTripAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
