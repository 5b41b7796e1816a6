using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets;

/// <summary>What is spent of budgets, from the same figures as everything else about costs.</summary>
internal sealed class BudgetSpending(IAnalyticsReader analytics)
{
    /// <summary>US dollars of the current period of each budget, by its id. One question for all budgets of the same period and scope.</summary>
    public async Task<IReadOnlyDictionary<string, decimal>> ReadAsync(IEnumerable<Budget> budgets, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var spent = new Dictionary<string, decimal>();
        foreach (var alike in budgets.GroupBy(budget => (Window: budget.WindowAt(now), budget.Scope)))
        {
            var by = DimensionOf(alike.Key.Scope);
            var filters = by == Dimension.All
                ? TaskQuestion.NoFilters
                : new Dictionary<Dimension, IReadOnlyList<string>> { [by] = [.. alike.Select(budget => budget.ScopeValue!).Distinct()] };
            var groups = await analytics.ReadAsync(new TaskQuestion([alike.Key.Window.From, alike.Key.Window.To], by, filters), cancellationToken);
            var costs = groups.ToDictionary(group => group.Value, group => Figures.Plain(group.Measures.Sums.CostUsd));
            foreach (var budget in alike)
            {
                spent[budget.BudgetId] = costs.GetValueOrDefault(budget.ScopeValue ?? "");
            }
        }

        return spent;
    }

    /// <summary>What all tasks come to over the periods in which the budgets are: it changes with everything that is spent.</summary>
    public async Task<TaskSums> ReadAllAsync(IReadOnlyList<BudgetWindow> windows, CancellationToken cancellationToken)
    {
        DateTimeOffset[] boundaries = [windows.Min(window => window.From), windows.Max(window => window.To)];
        var groups = await analytics.ReadAsync(new TaskQuestion(boundaries, Dimension.All, TaskQuestion.NoFilters), cancellationToken);
        return groups.Count == 0 ? default : groups[0].Measures.Sums;
    }

    private static Dimension DimensionOf(BudgetScope scope) => scope switch
    {
        BudgetScope.Agent => Dimension.Agent,
        BudgetScope.Source => Dimension.Source,
        _ => Dimension.All,
    };
}
