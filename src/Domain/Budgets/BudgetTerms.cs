using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Domain.Budgets;

/// <summary>How long an amount has to last.</summary>
public enum BudgetPeriod
{
    Day,

    /// <summary>From Monday.</summary>
    Week,
    Month,
}

/// <summary>Whose tasks count.</summary>
public enum BudgetScope
{
    Everything,

    /// <summary>Those that are assigned to one agent.</summary>
    Agent,

    /// <summary>Those of one source.</summary>
    Source,
}

/// <summary>What happens when the amount is spent.</summary>
public enum BudgetAction
{
    /// <summary>It is said.</summary>
    Notify,

    /// <summary>It is said, and chat begins no more tasks that would count, until the period ends.</summary>
    BlockChat,
}

/// <summary>What a budget says: all that a person may change of it.</summary>
/// <param name="Name">For people; several may have the same.</param>
/// <param name="AmountUsd">US dollars per period.</param>
/// <param name="Period">How long they have to last.</param>
/// <param name="Zone">The IANA time zone in which periods begin.</param>
/// <param name="Scope">Whose tasks count.</param>
/// <param name="ScopeValue">The agent or the source; null for everything.</param>
/// <param name="Thresholds">Percent of the amount at which somebody wants to be warned, in any order.</param>
/// <param name="Action">What happens when the amount is spent.</param>
public sealed record BudgetTerms(
    string Name,
    decimal AmountUsd,
    BudgetPeriod Period,
    string Zone,
    BudgetScope Scope,
    string? ScopeValue,
    IReadOnlyList<int> Thresholds,
    BudgetAction Action)
{
    public const int MaxNameLength = 100;
    public const decimal MaxAmountUsd = 1_000_000_000;
    public const int MaxAmountDecimals = 6;
    public const int MaxThresholds = 5;
    public const int MinThreshold = 1;
    public const int MaxThreshold = 100;
    public const string DefaultZone = "UTC";

    public static IReadOnlyList<int> DefaultThresholds { get; } = [50, 80];

    /// <summary>What is wrong with them: the field, by its name on the wire, and a sentence. Empty where they can be kept.</summary>
    public IEnumerable<(string Field, string Problem)> Problems()
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > MaxNameLength)
        {
            yield return ("name", $"name must be 1 to {MaxNameLength} characters.");
        }

        if (AmountUsd is <= 0 or > MaxAmountUsd || decimal.Round(AmountUsd, MaxAmountDecimals) != AmountUsd)
        {
            yield return ("amount_usd", $"amount_usd must be greater than 0, at most {MaxAmountUsd:0}, with at most {MaxAmountDecimals} decimals.");
        }

        if (LocalTime.FindZone(Zone) is null)
        {
            yield return ("zone", "zone must be an IANA time zone such as Europe/Berlin.");
        }

        if (Scope == BudgetScope.Everything ? ScopeValue is not null : string.IsNullOrWhiteSpace(ScopeValue) || ScopeValue.Length > AgentTask.MaxNameLength)
        {
            yield return ("scope_value", Scope == BudgetScope.Everything
                ? "scope_value is for the scopes agent and source."
                : $"scope_value must name the {(Scope == BudgetScope.Agent ? "agent" : "source")}, in at most {AgentTask.MaxNameLength} characters.");
        }

        if (Thresholds.Count > MaxThresholds || Thresholds.Any(threshold => threshold is < MinThreshold or > MaxThreshold) || Thresholds.Distinct().Count() < Thresholds.Count)
        {
            yield return ("thresholds", $"thresholds must be at most {MaxThresholds} different whole percentages from {MinThreshold} to {MaxThreshold}.");
        }

        if (Action == BudgetAction.BlockChat && Scope == BudgetScope.Source && ScopeValue != AgentTask.DashboardSource)
        {
            yield return ("action", $"block_chat has nothing to stop at another source: tasks of chats have the source {AgentTask.DashboardSource}.");
        }
    }
}
