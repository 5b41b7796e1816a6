using System.Globalization;
using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>Cost over the last days in columns, as existing clients read it.</summary>
/// <param name="Scope">Zone and filters.</param>
/// <param name="Days">1 to 365.</param>
/// <param name="ByHour">Hours instead of days.</param>
public sealed record GetCostColumnsQuery(AnalyticsScope Scope, int Days, bool ByHour) : IQuery<CostColumns>
{
    public const int DefaultDays = 30;
    public const int MaxDays = 365;
}

/// <summary>One element of each for every bucket that has tasks, ascending.</summary>
/// <param name="Dates">Local times of the zone, without a zone: <c>2026-02-03</c>, or <c>2026-02-03 10:00:00</c>.</param>
/// <param name="Costs">US dollars.</param>
/// <param name="TaskCounts">Tasks.</param>
/// <param name="Tokens">Read and written.</param>
/// <param name="AvgLatency">Average duration in milliseconds.</param>
/// <param name="ErrorCounts">Tasks that failed.</param>
public sealed record CostColumns(
    IReadOnlyList<string> Dates,
    IReadOnlyList<decimal> Costs,
    IReadOnlyList<long> TaskCounts,
    IReadOnlyList<decimal> Tokens,
    IReadOnlyList<decimal> AvgLatency,
    IReadOnlyList<long> ErrorCounts);

internal sealed class GetCostColumnsValidator : AbstractValidator<GetCostColumnsQuery>
{
    public GetCostColumnsValidator(TimeProvider time)
    {
        RuleFor(q => q.Days).InclusiveBetween(1, GetCostColumnsQuery.MaxDays).WithName("days");
        this.CanBeCombined(q => q.Scope, _ => null);
        this.PeriodFits(q => q.Scope, _ => null, q => q.ByHour ? Period.Hour : Period.Day, q => TimeSpan.FromDays(Math.Clamp(q.Days, 1, GetCostColumnsQuery.MaxDays)), time);
    }
}

internal sealed class GetCostColumnsHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetCostColumnsQuery, CostColumns>
{
    private const int MillisecondsPerSecond = 1_000;

    public async Task<CostColumns> Handle(GetCostColumnsQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope with { From = null, To = null }, time.GetUtcNow(), TimeSpan.FromDays(query.Days));
        var starts = Calendar.Starts(range.From, range.To, query.ByHour ? Period.Hour : Period.Day, query.Scope.Zone);
        var groups = await reader.ReadAsync(new TaskQuestion(Calendar.Boundaries(range, starts), Dimension.All, query.Scope.Filters), cancellationToken);
        // An hour that comes twice when clocks are set back has one name.
        var buckets = groups.GroupBy(group => Name(starts[group.Bucket], query)).Select(named => (named.Key, Sums: named.Select(group => group.Measures.Sums).Aggregate((a, b) => a + b))).ToList();
        return new CostColumns(
            [.. buckets.Select(bucket => bucket.Key)],
            [.. buckets.Select(bucket => Figures.Plain(bucket.Sums.CostUsd))],
            [.. buckets.Select(bucket => bucket.Sums.Tasks)],
            [.. buckets.Select(bucket => Figures.Plain(bucket.Sums.InputTokens + bucket.Sums.OutputTokens))],
            [.. buckets.Select(bucket => Figures.AverageDuration(bucket.Sums) * MillisecondsPerSecond)],
            [.. buckets.Select(bucket => bucket.Sums.Failed)]);
    }

    private static string Name(DateTimeOffset start, GetCostColumnsQuery query) =>
        TimeZoneInfo.ConvertTime(start, query.Scope.Zone).ToString(query.ByHour ? "yyyy-MM-dd HH:00:00" : "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
