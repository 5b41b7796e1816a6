using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>Who or what the tasks and their cost go to: the first few values of a dimension, and the rest.</summary>
public sealed record GetBreakdownQuery(AnalyticsScope Scope, Dimension By, int Top, BreakdownOrder Order) : IQuery<Breakdown>
{
    public const int DefaultTop = 10;
}

/// <summary>What counts.</summary>
public enum BreakdownOrder
{
    Cost,
    Tasks,
    Tokens,
    Failed,
}

/// <remarks><c>Rows</c>: those that have most of what counts first; <c>Other</c>: what is left; null where nothing is; <c>Total</c>:
/// everything.</remarks>
public sealed record Breakdown(
    DateTimeOffset From, DateTimeOffset To, string Zone, Dimension By, BreakdownOrder Order, IReadOnlyList<BreakdownRow> Rows, BreakdownRest? Other, Figures Total);

/// <param name="Value">Empty where it is not known.</param>
/// <param name="Share">The part of the total of what counts, 0 to 1.</param>
/// <param name="Figures">What its tasks come to.</param>
public sealed record BreakdownRow(string Value, decimal Share, Figures Figures);

/// <param name="Groups">How many values.</param>
/// <param name="Share">Their part of the total.</param>
/// <param name="Figures">What their tasks come to.</param>
public sealed record BreakdownRest(int Groups, decimal Share, Figures Figures);

internal sealed class GetBreakdownValidator : AbstractValidator<GetBreakdownQuery>
{
    public GetBreakdownValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, q => q.By);
        this.TopIsSound(q => q.Top);
    }
}

internal sealed class GetBreakdownHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetBreakdownQuery, Breakdown>
{
    private const int ShareDecimals = 6;

    public async Task<Breakdown> Handle(GetBreakdownQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope, time.GetUtcNow(), GetPerformanceQuery.DefaultLength);
        var groups = (await reader.ReadAsync(new TaskQuestion([range.From, range.ReadTo], query.By, query.Scope.Filters), cancellationToken))
            .OrderByDescending(group => Amount(group.Measures.Sums, query.Order)).ThenBy(group => group.Value, StringComparer.Ordinal).ToList();
        var total = Sum(groups);
        var whole = Amount(total, query.Order);
        var rest = Sum(groups.Skip(query.Top));
        return new Breakdown(
            range.From,
            range.To,
            query.Scope.Zone.Id,
            query.By,
            query.Order,
            [.. groups.Take(query.Top).Select(group => new BreakdownRow(
                group.Value, Figures.Ratio(Amount(group.Measures.Sums, query.Order), whole, ShareDecimals), Figures.Of(group.Measures.Sums)))],
            groups.Count <= query.Top ? null : new BreakdownRest(groups.Count - query.Top, Figures.Ratio(Amount(rest, query.Order), whole, ShareDecimals), Figures.Of(rest)),
            Figures.Of(total));
    }

    private static TaskSums Sum(IEnumerable<TaskGroup> groups) => groups.Aggregate(default(TaskSums), (sum, group) => sum + group.Measures.Sums);

    private static decimal Amount(in TaskSums sums, BreakdownOrder order) => order switch
    {
        BreakdownOrder.Cost => sums.CostUsd,
        BreakdownOrder.Tasks => sums.Tasks,
        BreakdownOrder.Tokens => sums.InputTokens + sums.OutputTokens,
        BreakdownOrder.Failed => sums.Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(order), order, null),
    };
}
