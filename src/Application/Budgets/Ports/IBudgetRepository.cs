using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets.Ports;

/// <summary>The budgets, one aggregate at a time. What is added or changed is written when the unit of work commits.</summary>
public interface IBudgetRepository
{
    /// <summary>Null where there is none.</summary>
    Task<Budget?> FindAsync(string budgetId, CancellationToken cancellationToken);

    Task<int> CountAsync(CancellationToken cancellationToken);

    void Add(Budget budget);

    /// <summary>The budget is deleted with the unit of work, with what was recorded of it.</summary>
    void Remove(Budget budget);

    /// <summary>The thresholds that are recorded for one period of each budget.</summary>
    /// <param name="periods">Budgets by their id, and the beginning of a period of each.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<ILookup<string, int>> ListRecordedAsync(IReadOnlyDictionary<string, DateTimeOffset> periods, CancellationToken cancellationToken);

    /// <summary>Whoever adds the same threshold of the same period second finds it there (<see cref="Common.ConcurrencyException"/>).</summary>
    void Add(BudgetTrip trip);
}
