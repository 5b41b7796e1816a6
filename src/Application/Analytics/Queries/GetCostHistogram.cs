using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>Cost and tasks over time, perhaps told apart by a dimension.</summary>
/// <param name="Scope">Which tasks.</param>
/// <param name="Period">How long a bucket is.</param>
/// <param name="By">Each of the costliest values gets a series.</param>
/// <param name="Top">How many do; the rest is one series.</param>
public sealed record GetCostHistogramQuery(AnalyticsScope Scope, Period Period, Dimension? By, int Top) : IQuery<CostHistogram>
{
    public const int DefaultTop = 8;

    internal TimeSpan DefaultLength => Period switch
    {
        Period.QuarterHour or Period.Hour => TimeSpan.FromDays(1),
        Period.Month => TimeSpan.FromDays(365),
        _ => TimeSpan.FromDays(30),
    };
}

/// <remarks><c>Data</c>: every bucket, empty ones as well; <c>Series</c>: the costliest first; null where they are not told apart.</remarks>
public sealed record CostHistogram(
    Period Period, DateTimeOffset From, DateTimeOffset To, string Zone, Dimension? By, IReadOnlyList<CostBucket> Data, IReadOnlyList<CostSeries>? Series);

/// <remarks><c>Timestamp</c>: where the bucket begins, also where the range begins later.</remarks>
public sealed record CostBucket(
    DateTimeOffset Timestamp, decimal Cost, long Tasks, long Completed, long Failed, decimal Tokens, decimal AverageDurationSeconds);

/// <param name="Value">Empty where it is not known; null for what is beyond the top.</param>
/// <param name="Other">Whether it is what is beyond the top.</param>
/// <param name="Cost">One for every bucket.</param>
/// <param name="Tasks">One for every bucket.</param>
public sealed record CostSeries(string? Value, bool Other, IReadOnlyList<decimal> Cost, IReadOnlyList<long> Tasks);

internal sealed class GetCostHistogramValidator : AbstractValidator<GetCostHistogramQuery>
{
    public GetCostHistogramValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, q => q.By);
        this.PeriodFits(q => q.Scope, q => q.By, q => q.Period, q => q.DefaultLength, time);
        this.TopIsSound(q => q.Top);
    }
}

internal sealed class GetCostHistogramHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetCostHistogramQuery, CostHistogram>
{
    public async Task<CostHistogram> Handle(GetCostHistogramQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope, time.GetUtcNow(), query.DefaultLength);
        var starts = Calendar.Starts(range.From, range.To, query.Period, query.Scope.Zone);
        var groups = await reader.ReadAsync(
            new TaskQuestion(Calendar.Boundaries(range, starts), query.By ?? Dimension.All, query.Scope.Filters), cancellationToken);

        var sums = new TaskSums[starts.Count];
        foreach (var group in groups)
        {
            sums[group.Bucket] += group.Measures.Sums;
        }

        var data = starts.Select((start, i) => new CostBucket(
            start, Figures.Plain(sums[i].CostUsd), sums[i].Tasks, sums[i].Completed, sums[i].Failed, Figures.Plain(sums[i].InputTokens + sums[i].OutputTokens), Figures.AverageDuration(sums[i])));
        return new CostHistogram(
            query.Period, range.From, range.To, query.Scope.Zone.Id, query.By, [.. data], query.By is null ? null : Series(groups, starts.Count, query.Top));
    }

    private static List<CostSeries> Series(IReadOnlyList<TaskGroup> groups, int buckets, int top)
    {
        var byValue = groups.GroupBy(group => group.Value)
            .OrderByDescending(value => value.Sum(group => group.Measures.Sums.CostUsd)).ThenBy(value => value.Key, StringComparer.Ordinal).ToList();
        var series = byValue.Take(top).Select(value => SeriesOf(value.Key, other: false, value, buckets)).ToList();
        if (byValue.Count > top)
        {
            series.Add(SeriesOf(null, other: true, byValue.Skip(top).SelectMany(value => value), buckets));
        }

        return series;
    }

    private static CostSeries SeriesOf(string? value, bool other, IEnumerable<TaskGroup> groups, int buckets)
    {
        var (cost, tasks) = (new decimal[buckets], new long[buckets]);
        foreach (var group in groups)
        {
            cost[group.Bucket] += Figures.Plain(group.Measures.Sums.CostUsd);
            tasks[group.Bucket] += group.Measures.Sums.Tasks;
        }

        return new CostSeries(value, other, cost, tasks);
    }
}
