using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>How well and how fast tasks are done: all together, and by a dimension.</summary>
/// <param name="Scope">Which tasks.</param>
/// <param name="By">The dimension; null for the total alone.</param>
/// <param name="Top">How many values, those with most tasks first.</param>
public sealed record GetPerformanceQuery(AnalyticsScope Scope, Dimension? By, int Top) : IQuery<PerformanceReport>
{
    public const int DefaultTop = 50;

    internal static TimeSpan DefaultLength { get; } = TimeSpan.FromDays(30);
}

public sealed record PerformanceReport(
    DateTimeOffset From, DateTimeOffset To, string Zone, Dimension? By, PerformanceGroup Total, IReadOnlyList<PerformanceGroup> Groups);

/// <param name="Value">Empty where it is not known; null for the total.</param>
/// <param name="Figures">Counts and averages.</param>
/// <param name="ThroughputPerHour">Tasks that have ended ÷ hours of the range.</param>
/// <param name="Duration">Seconds of runs.</param>
/// <param name="QueueTime">Seconds from registration to the start.</param>
/// <param name="Cost">US dollars of a task.</param>
public sealed record PerformanceGroup(
    string? Value, Figures Figures, decimal ThroughputPerHour, Percentiles Duration, Percentiles QueueTime, Percentiles Cost);

internal sealed class GetPerformanceValidator : AbstractValidator<GetPerformanceQuery>
{
    public GetPerformanceValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, q => q.By);
        this.TopIsSound(q => q.Top);
    }
}

internal sealed class GetPerformanceHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetPerformanceQuery, PerformanceReport>
{
    private const int ThroughputDecimals = 4;

    public async Task<PerformanceReport> Handle(GetPerformanceQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var range = TimeRange.Of(query.Scope, now, GetPerformanceQuery.DefaultLength);
        var groups = await reader.ReadAsync(
            new TaskQuestion([range.From, range.ReadTo], query.By ?? Dimension.All, query.Scope.Filters, Quantiles: true), cancellationToken);
        var total = TaskMeasures.Total(groups.Select(group => group.Measures));
        var hours = range.Hours(now);
        var shown = groups.OrderByDescending(group => group.Measures.Sums.Tasks).ThenBy(group => group.Value, StringComparer.Ordinal).Take(query.Top);
        return new PerformanceReport(
            range.From, range.To, query.Scope.Zone.Id, query.By, Of(null, total, hours), query.By is null ? [] : [.. shown.Select(group => Of(group.Value, group.Measures, hours))]);
    }

    private static PerformanceGroup Of(string? value, TaskMeasures measures, decimal hours) => new(
        value,
        Figures.Of(measures.Sums),
        Figures.Ratio(measures.Sums.Ended, hours, ThroughputDecimals),
        Percentiles.Of(measures.Durations!),
        Percentiles.Of(measures.QueueTimes!),
        Percentiles.Of(measures.Costs!));
}
