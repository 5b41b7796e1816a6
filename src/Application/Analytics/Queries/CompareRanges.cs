using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>One range beside another one.</summary>
/// <param name="Scope">The range.</param>
/// <param name="AgainstFrom">Where the other one begins; null, as its end: the time of the same length before.</param>
/// <param name="AgainstTo">Where the other one ends.</param>
/// <param name="By">The dimension whose values are compared as well.</param>
/// <param name="Top">How many, the costliest first.</param>
public sealed record CompareRangesQuery(AnalyticsScope Scope, DateTimeOffset? AgainstFrom, DateTimeOffset? AgainstTo, Dimension? By, int Top) : IQuery<Comparison>
{
    public const int DefaultTop = 10;

    internal AnalyticsScope Against => Scope with { From = AgainstFrom, To = AgainstTo };
}

/// <remarks><c>Change</c>: from the other range to the range; <c>Groups</c>: the same of each value; null where none was asked for.</remarks>
public sealed record Comparison(string Zone, Dimension? By, ComparedRange Range, ComparedRange Against, Change Change, IReadOnlyList<ComparedGroup>? Groups);

public sealed record ComparedRange(DateTimeOffset From, DateTimeOffset To, Figures Figures, Percentiles Duration, Percentiles QueueTime);

/// <remarks><c>Value</c>: empty where it is not known.</remarks>
public sealed record ComparedGroup(string Value, Figures Range, Figures Against, Change Change);

internal sealed class CompareRangesValidator : AbstractValidator<CompareRangesQuery>
{
    public CompareRangesValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.ScopeIsSound(q => q.Against, time);
        this.CanBeCombined(q => q.Scope, q => q.By);
        this.TopIsSound(q => q.Top);
        RuleFor(q => q).Must(q => q.AgainstFrom is null == q.AgainstTo is null).OverridePropertyName("against_from")
            .WithMessage("against_from and against_to belong together.");
    }
}

internal sealed class CompareRangesHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<CompareRangesQuery, Comparison>
{
    public async Task<Comparison> Handle(CompareRangesQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var range = TimeRange.Of(query.Scope, now, GetPerformanceQuery.DefaultLength);
        var against = query.AgainstFrom is null ? range.Before() : TimeRange.Of(query.Against, now, TimeSpan.Zero);
        var (one, other) = (await ReadAsync(query, range, cancellationToken), await ReadAsync(query, against, cancellationToken));
        var (first, second) = (Compared(range, one.Values), Compared(against, other.Values));
        var groups = query.By is null ? null : one.Keys.Union(other.Keys)
            .Select(value => (Value: value, Range: SumsOf(one, value), Against: SumsOf(other, value)))
            .OrderByDescending(group => Math.Max(group.Range.CostUsd, group.Against.CostUsd)).ThenBy(group => group.Value, StringComparer.Ordinal)
            .Take(query.Top)
            .Select(group => (group.Value, Range: Figures.Of(group.Range), Against: Figures.Of(group.Against)))
            .Select(group => new ComparedGroup(group.Value, group.Range, group.Against, Change.Between(group.Against, group.Range)))
            .ToList();
        return new Comparison(query.Scope.Zone.Id, query.By, first, second, Change.Between(second.Figures, first.Figures), groups);
    }

    private static TaskSums SumsOf(Dictionary<string, TaskMeasures> groups, string value) => groups.GetValueOrDefault(value)?.Sums ?? default;

    private static ComparedRange Compared(TimeRange range, IEnumerable<TaskMeasures> groups)
    {
        var total = TaskMeasures.Total(groups);
        return new ComparedRange(range.From, range.To, Figures.Of(total.Sums), Percentiles.Of(total.Durations!), Percentiles.Of(total.QueueTimes!));
    }

    private async Task<Dictionary<string, TaskMeasures>> ReadAsync(CompareRangesQuery query, TimeRange range, CancellationToken cancellationToken) =>
        (await reader.ReadAsync(
            new TaskQuestion([range.From, range.ReadTo], query.By ?? Dimension.All, query.Scope.Filters, Quantiles: true), cancellationToken))
        .ToDictionary(group => group.Value, group => group.Measures);
}
