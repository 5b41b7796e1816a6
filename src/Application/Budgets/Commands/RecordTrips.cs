using GrooteDashboard.Application.Budgets.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Budgets.Commands;

/// <summary>Records the thresholds that budgets have reached; each once per period, however many do this at once.</summary>
/// <param name="Seen">What the last look saw; where nothing has changed since, this one ends there. Null to look at everything.</param>
public sealed record RecordTripsCommand(BudgetMark? Seen = null) : ICommand<RecordedTrips>;

/// <summary>What there was to see: where it is the same, no threshold can have been reached meanwhile, unless tasks have only changed places between agents.</summary>
/// <param name="Budgets">How many there are.</param>
/// <param name="ChangedAt">When one of them was last changed.</param>
/// <param name="NewestPeriod">Beginning of the period that began last: it grows whenever one turns.</param>
/// <param name="Tasks">Tasks of all these periods together.</param>
/// <param name="CostUsd">What they cost.</param>
public sealed record BudgetMark(int Budgets, DateTimeOffset ChangedAt, DateTimeOffset NewestPeriod, long Tasks, decimal CostUsd);

/// <param name="Mark">What there was to see; null where there are no budgets.</param>
/// <param name="Count">How many thresholds were recorded.</param>
public sealed record RecordedTrips(BudgetMark? Mark, int Count);

internal sealed class RecordTripsHandler(IBudgetReader reader, IBudgetRepository repository, BudgetSpending spending, TimeProvider time)
    : IRequestHandler<RecordTripsCommand, RecordedTrips>
{
    public async Task<RecordedTrips> Handle(RecordTripsCommand command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var budgets = await reader.ListAsync(cancellationToken);
        if (budgets.Count == 0)
        {
            return new RecordedTrips(null, 0);
        }

        // Before what is recorded: what comes meanwhile is seen the next time.
        var windows = budgets.ToDictionary(budget => budget.BudgetId, budget => budget.WindowAt(now));
        var all = await spending.ReadAllAsync([.. windows.Values], cancellationToken);
        var mark = new BudgetMark(budgets.Count, budgets.Max(budget => budget.UpdatedAt), windows.Values.Max(window => window.From), all.Tasks, all.CostUsd);
        if (mark == command.Seen)
        {
            return new RecordedTrips(mark, 0);
        }

        var spent = await spending.ReadAsync(budgets, now, cancellationToken);
        var recorded = await repository.ListRecordedAsync(windows.ToDictionary(window => window.Key, window => window.Value.From), cancellationToken);
        var trips = budgets.SelectMany(budget => budget.TripsAt(spent[budget.BudgetId], now, recorded[budget.BudgetId].ToHashSet())).ToList();
        trips.ForEach(repository.Add);
        return new RecordedTrips(mark, trips.Count);
    }
}
