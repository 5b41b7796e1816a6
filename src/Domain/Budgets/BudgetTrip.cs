namespace GrooteDashboard.Domain.Budgets;

/// <summary>A threshold of a budget was reached: recorded once per period, and never changed. <see cref="Budget.TripsAt"/> makes it.</summary>
public sealed class BudgetTrip
{
    internal BudgetTrip(string budgetId, DateTimeOffset periodStart, int threshold, decimal spentUsd, decimal amountUsd, DateTimeOffset trippedAt) =>
        (BudgetId, PeriodStart, Threshold, SpentUsd, AmountUsd, TrippedAt) = (budgetId, periodStart, threshold, spentUsd, amountUsd, trippedAt);

    /// <summary>Grows with time; 0 before it is stored.</summary>
    public long TripId { get; private set; }

    public string BudgetId { get; private set; }

    /// <summary>Beginning of the period.</summary>
    public DateTimeOffset PeriodStart { get; private set; }

    /// <summary>Percent; <see cref="Budget.Spent"/> for the whole amount.</summary>
    public int Threshold { get; private set; }

    /// <summary>US dollars, when it was found out.</summary>
    public decimal SpentUsd { get; private set; }

    /// <summary>US dollars of the budget at that time.</summary>
    public decimal AmountUsd { get; private set; }

    /// <summary>When it was found out.</summary>
    public DateTimeOffset TrippedAt { get; private set; }
}
