using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using GrooteDashboard.Application.Budgets.Queries;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Budgets;
using GrooteDashboard.Domain.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>What a budget is to say; what is left out has its default.</summary>
/// <param name="Name">For people.</param>
/// <param name="AmountUsd">US dollars per period.</param>
/// <param name="Period">day, week (from Monday) or month.</param>
/// <param name="Zone">The IANA time zone in which periods begin; UTC unless told.</param>
/// <param name="Scope">everything (unless told), agent or source.</param>
/// <param name="ScopeValue">The agent or the source.</param>
/// <param name="Thresholds">Percentages at which to warn; 50 and 80 unless told.</param>
/// <param name="Action">notify (unless told) or block_chat.</param>
internal sealed record BudgetRequest(
    [property: Length(1, BudgetTerms.MaxNameLength)] string? Name,
    [property: Range(0, (double)BudgetTerms.MaxAmountUsd)] decimal? AmountUsd,
    [property: AllowedValues("day", "week", "month")] string? Period,
    [property: RegularExpression("^[A-Za-z0-9_+/-]{1,64}$")] string? Zone,
    [property: AllowedValues("everything", "agent", "source")] string? Scope,
    [property: MaxLength(AgentTask.MaxNameLength)] string? ScopeValue,
    [property: Length(0, BudgetTerms.MaxThresholds), ItemRange(BudgetTerms.MinThreshold, BudgetTerms.MaxThreshold)] IReadOnlyList<int>? Thresholds,
    [property: AllowedValues("notify", "block_chat")] string? Action)
{
    public BudgetTerms ToTerms() => new(
        LogText.Clean((Name ?? "").Trim()),
        AmountUsd ?? 0,
        Period switch
        {
            "day" => BudgetPeriod.Day,
            "week" => BudgetPeriod.Week,
            "month" => BudgetPeriod.Month,
            _ => throw QueryValues.Invalid("period", "period must be one of day, week, month."),
        },
        string.IsNullOrEmpty(Zone) ? BudgetTerms.DefaultZone : Zone,
        Scope switch
        {
            null or "" or "everything" => BudgetScope.Everything,
            "agent" => BudgetScope.Agent,
            "source" => BudgetScope.Source,
            _ => throw QueryValues.Invalid("scope", "scope must be one of everything, agent, source."),
        },
        string.IsNullOrWhiteSpace(ScopeValue) ? null : LogText.Clean(ScopeValue.Trim()),
        Thresholds ?? BudgetTerms.DefaultThresholds,
        Action switch
        {
            null or "" or "notify" => BudgetAction.Notify,
            "block_chat" => BudgetAction.BlockChat,
            _ => throw QueryValues.Invalid("action", "action must be notify or block_chat."),
        });
}

internal sealed record ListBudgetsRequest(
    [property: Description("1 to 100, 100 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("So many are passed over"), FromQuery(Name = "offset")] string? Offset)
{
    public ListBudgetsQuery ToQuery() => new(QueryValues.Integer("offset", Offset) ?? 0, QueryValues.Integer("limit", Limit) ?? ListBudgetsQuery.MaxLimit);
}

internal sealed record ListTripsRequest(
    [property: Description("1 to 200, 50 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("What next said: those before it"), FromQuery(Name = "before")] string? Before)
{
    private const int DefaultLimit = 50;

    public ListTripsQuery ToQuery(string budgetId) => new(budgetId, QueryValues.Long("before", Before), QueryValues.Integer("limit", Limit) ?? DefaultLimit);
}
