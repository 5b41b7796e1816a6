using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>Budgets in a list. What is done to them is kept at once: good enough where one use case runs at a time.</summary>
internal sealed class InMemoryBudgets : IBudgetReader, IBudgetRepository
{
    private readonly List<Budget> _budgets = [];
    private readonly List<BudgetTrip> _trips = [];

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody has asked for the newest trip, to begin there.</summary>
    public Task Begun => _begun.Task;

    /// <summary>How often they were looked through.</summary>
    public int Looks { get; private set; }

    public IReadOnlyList<BudgetTrip> Trips => _trips;

    public Task<IReadOnlyList<Budget>> ListAsync(CancellationToken cancellationToken)
    {
        Looks++;
        return Task.FromResult<IReadOnlyList<Budget>>([.. _budgets.OrderBy(budget => budget.Name, StringComparer.Ordinal)]);
    }

    public Task<Budget?> FindAsync(string budgetId, CancellationToken cancellationToken) => Task.FromResult(_budgets.Find(budget => budget.BudgetId == budgetId));

    public Task<IReadOnlyList<BudgetTripDetails>> ListTripsAsync(string budgetId, long? before, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<BudgetTripDetails>>([.. Numbered().Where(trip => trip.BudgetId == budgetId && !(trip.TripId >= before)).Reverse().Take(limit)]);

    public Task<IReadOnlyList<BudgetTripDetails>> ListTripsAfterAsync(long tripId, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<BudgetTripDetails>>([.. Numbered().Where(trip => trip.TripId > tripId).Take(limit)]);

    public Task<long> ReadLastTripAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        _begun.TrySetResult();
        return Task.FromResult((long)_trips.Count(trip => trip.TrippedAt < before));
    }

    public Task<int> CountAsync(CancellationToken cancellationToken) => Task.FromResult(_budgets.Count);

    public void Add(Budget budget) => _budgets.Add(budget);

    public void Remove(Budget budget) => _budgets.Remove(budget);

    public Task<ILookup<string, int>> ListRecordedAsync(IReadOnlyDictionary<string, DateTimeOffset> periods, CancellationToken cancellationToken) =>
        Task.FromResult(_trips.Where(trip => periods.TryGetValue(trip.BudgetId, out var from) && from == trip.PeriodStart).ToLookup(trip => trip.BudgetId, trip => trip.Threshold));

    public void Add(BudgetTrip trip) => _trips.Add(trip);

    private IEnumerable<BudgetTripDetails> Numbered() => _trips.Select((trip, index) => new BudgetTripDetails(
        index + 1, trip.BudgetId, _budgets.Single(budget => budget.BudgetId == trip.BudgetId).Name, trip.PeriodStart, trip.Threshold, trip.SpentUsd, trip.AmountUsd, trip.TrippedAt));
}
