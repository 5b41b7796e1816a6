using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Domain.Budgets;

/// <summary>
/// An amount of money per day, week or month for the tasks of everybody, of an agent or of a source. A task counts, with all that it costs, in the period in
/// which it was created.
/// </summary>
public sealed class Budget : Entity
{
    /// <summary>How many there may be: each is looked after all the time.</summary>
    public const int MaxBudgets = 100;

    /// <summary>Percent at which the amount is spent.</summary>
    public const int Spent = 100;

    /// <summary>What happened in less of a period says nothing about the rest of it.</summary>
    private const decimal MinForecastShare = 0.01m;
    private const int PercentDecimals = 2;
    private const int DaysPerWeek = 7;

    private int[] _thresholds = [];

    private Budget()
    {
    }

    public string BudgetId { get; private set; } = "";

    public string Name { get; private set; } = "";

    /// <summary>US dollars per period.</summary>
    public decimal AmountUsd { get; private set; }

    public BudgetPeriod Period { get; private set; }

    /// <summary>The IANA time zone in which periods begin.</summary>
    public string Zone { get; private set; } = BudgetTerms.DefaultZone;

    public BudgetScope Scope { get; private set; }

    /// <summary>The agent or the source; null for everything.</summary>
    public string? ScopeValue { get; private set; }

    /// <summary>Percent of the amount at which somebody wants to be warned, ascending.</summary>
    public IReadOnlyList<int> Thresholds => _thresholds;

    public BudgetAction Action { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }

    public DateTimeOffset UpdatedAt { get; private set; }

    /// <exception cref="DomainRuleException">The terms cannot be kept.</exception>
    public static Budget Create(string budgetId, BudgetTerms terms, DateTimeOffset now)
    {
        var budget = new Budget { BudgetId = Identifier.Require(budgetId, "budget_id"), CreatedAt = now };
        budget.Change(terms, now);
        return budget;
    }

    /// <summary>Takes other terms, from now on. What was recorded stays.</summary>
    /// <exception cref="DomainRuleException">The terms cannot be kept.</exception>
    public void Change(BudgetTerms terms, DateTimeOffset now)
    {
        if (terms.Problems().FirstOrDefault().Problem is { } problem)
        {
            throw new DomainRuleException("invalid_budget", problem);
        }

        Name = terms.Name;
        // Without zeros at the end, which a decimal keeps from the text that it comes from.
        AmountUsd = terms.AmountUsd / 1.0000000000000000000000000000m;
        (Period, Zone) = (terms.Period, terms.Zone);
        (Scope, ScopeValue) = (terms.Scope, terms.ScopeValue);
        _thresholds = [.. terms.Thresholds.Order()];
        Action = terms.Action;
        UpdatedAt = now;
    }

    /// <summary>The period in which a moment is.</summary>
    public BudgetWindow WindowAt(DateTimeOffset now)
    {
        // A zone that this machine does not know (any more) must not take the others' budgets with it.
        var zone = LocalTime.FindZone(Zone) ?? TimeZoneInfo.Utc;
        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        var (first, next) = Period switch
        {
            BudgetPeriod.Day => (today, today.AddDays(1)),
            BudgetPeriod.Week => Week(today),
            _ => (new DateTime(today.Year, today.Month, 1), new DateTime(today.Year, today.Month, 1).AddMonths(1)),
        };
        return new BudgetWindow(LocalTime.ToUtc(first, zone), LocalTime.ToUtc(next, zone));
    }

    /// <summary>Whether a task of this agent and source counts.</summary>
    public bool Covers(string? agent, string source) => Scope switch
    {
        BudgetScope.Agent => ScopeValue == agent,
        BudgetScope.Source => ScopeValue == source,
        _ => true,
    };

    public BudgetStatus StatusOf(decimal spentUsd) =>
        spentUsd >= AmountUsd ? BudgetStatus.Exceeded
        : Reached(spentUsd).Any() ? BudgetStatus.Warning
        : BudgetStatus.Ok;

    public decimal PercentOf(decimal spentUsd) => Math.Round(spentUsd / AmountUsd * Spent, PercentDecimals);

    /// <summary>
    /// What the period comes to when it goes on as it went so far: what was spent ÷ the part of the period that has passed. Null while nothing was spent,
    /// and in the first hundredth of the period.
    /// </summary>
    public BudgetForecast? ForecastOf(decimal spentUsd, DateTimeOffset now)
    {
        var (from, to) = WindowAt(now);
        var passed = now - from;
        var share = (decimal)passed.Ticks / (to - from).Ticks;
        if (spentUsd <= 0 || share < MinForecastShare)
        {
            return null;
        }

        var expected = Math.Round(spentUsd / share, BudgetTerms.MaxAmountDecimals);
        return new BudgetForecast(
            expected, spentUsd < AmountUsd && expected >= AmountUsd ? from + TimeSpan.FromSeconds((long)(passed.TotalSeconds * (double)(AmountUsd / spentUsd))) : null);
    }

    /// <summary>What is to be recorded: the thresholds that are reached, and were not before in this period; the whole amount is always one of them.</summary>
    /// <param name="spentUsd">Spent in the period in which <paramref name="now"/> is.</param>
    /// <param name="now">When it was found out.</param>
    /// <param name="recorded">The thresholds that are recorded for this period.</param>
    public IEnumerable<BudgetTrip> TripsAt(decimal spentUsd, DateTimeOffset now, IReadOnlySet<int> recorded)
    {
        var window = WindowAt(now);
        return Reached(spentUsd).Where(threshold => !recorded.Contains(threshold))
            .Select(threshold => new BudgetTrip(BudgetId, window.From, threshold, spentUsd, AmountUsd, now));
    }

    private IEnumerable<int> Reached(decimal spentUsd) => _thresholds.Append(Spent).Distinct().Where(threshold => spentUsd >= AmountUsd * threshold / Spent);

    private static (DateTime First, DateTime Next) Week(DateTime day)
    {
        var monday = day.AddDays(-(((int)day.DayOfWeek + DaysPerWeek - 1) % DaysPerWeek));
        return (monday, monday.AddDays(DaysPerWeek));
    }
}

/// <summary>How a budget stands.</summary>
public enum BudgetStatus
{
    Ok,

    /// <summary>A threshold is reached.</summary>
    Warning,

    /// <summary>All of it is spent.</summary>
    Exceeded,
}

/// <summary>A period of a budget.</summary>
/// <param name="From">In it.</param>
/// <param name="To">Not in it any more.</param>
public readonly record struct BudgetWindow(DateTimeOffset From, DateTimeOffset To);

/// <param name="ExpectedUsd">US dollars that the whole period comes to.</param>
/// <param name="RunsOutAt">When the amount is spent; null where it lasts, or is spent already.</param>
public sealed record BudgetForecast(decimal ExpectedUsd, DateTimeOffset? RunsOutAt);
