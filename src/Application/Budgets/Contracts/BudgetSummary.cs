using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Budgets;

namespace GrooteDashboard.Application.Budgets.Contracts;

/// <summary>A budget, as it was set.</summary>
public record BudgetSummary
{
    public required string BudgetId { get; init; }

    public required string Name { get; init; }

    /// <summary>US dollars per period.</summary>
    public required decimal AmountUsd { get; init; }

    public required BudgetPeriod Period { get; init; }

    /// <summary>The IANA time zone in which periods begin.</summary>
    public required string Zone { get; init; }

    public required BudgetScope Scope { get; init; }

    /// <summary>The agent or the source; null for everything.</summary>
    public required string? ScopeValue { get; init; }

    /// <summary>Percent of the amount, ascending.</summary>
    public required IReadOnlyList<int> Thresholds { get; init; }

    public required BudgetAction Action { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    private sealed class Mapping : OutwardProfile
    {
        public Mapping() => CreateMap<Budget, BudgetSummary>();
    }
}

/// <summary>A budget, and how it stands.</summary>
public sealed record BudgetState : BudgetSummary
{
    /// <summary>Beginning of the current period.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Its end, when the amount is there again.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>US dollars: what the tasks that were created in it cost, exact for the moment of the question.</summary>
    public decimal SpentUsd { get; init; }

    /// <summary>Of the amount; above 100 where more was spent.</summary>
    public decimal Percent { get; init; }

    public BudgetStatus Status { get; init; }

    /// <summary>Null while there is nothing to go by (<see cref="Budget.ForecastOf"/>).</summary>
    public BudgetForecast? Forecast { get; init; }

    private sealed class Mapping : OutwardProfile
    {
        public Mapping() => CreateMap<Budget, BudgetState>()
            .ForMember(d => d.From, o => o.Ignore()).ForMember(d => d.To, o => o.Ignore()).ForMember(d => d.SpentUsd, o => o.Ignore())
            .ForMember(d => d.Percent, o => o.Ignore()).ForMember(d => d.Status, o => o.Ignore()).ForMember(d => d.Forecast, o => o.Ignore());
    }
}

/// <summary>A part of the list.</summary>
/// <param name="Items">By name.</param>
/// <param name="Total">How many there are in all.</param>
public sealed record BudgetPage(IReadOnlyList<BudgetState> Items, int Total);

/// <summary>A threshold that was reached.</summary>
/// <param name="TripId">Grows with time.</param>
/// <param name="BudgetId">The budget.</param>
/// <param name="Name">What it is called now.</param>
/// <param name="PeriodStart">The period in which it was reached.</param>
/// <param name="Threshold">Percent; 100 for the whole amount.</param>
/// <param name="SpentUsd">US dollars, when it was found out.</param>
/// <param name="AmountUsd">US dollars of the budget at that time.</param>
/// <param name="TrippedAt">When it was found out.</param>
public sealed record BudgetTripDetails(
    long TripId, string BudgetId, string Name, DateTimeOffset PeriodStart, int Threshold, decimal SpentUsd, decimal AmountUsd, DateTimeOffset TrippedAt);

/// <summary>A part of what was recorded.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Next">The older ones are before this; null where there are none.</param>
public sealed record BudgetTripPage(IReadOnlyList<BudgetTripDetails> Items, long? Next);
