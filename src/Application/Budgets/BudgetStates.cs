using AutoMapper;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets;

internal static class BudgetStates
{
    /// <summary>How a budget stands with so much spent in its current period.</summary>
    public static BudgetState ToState(this IMapper mapper, Budget budget, decimal spentUsd, DateTimeOffset now)
    {
        var window = budget.WindowAt(now);
        return mapper.Map<BudgetState>(budget) with
        {
            From = window.From,
            To = window.To,
            SpentUsd = spentUsd,
            Percent = Figures.Plain(budget.PercentOf(spentUsd)),
            Status = budget.StatusOf(spentUsd),
            Forecast = budget.ForecastOf(spentUsd, now) is { } forecast ? forecast with { ExpectedUsd = Figures.Plain(forecast.ExpectedUsd) } : null,
        };
    }
}
