using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>Percentiles over time.</summary>
public sealed record GetLatencyQuery(AnalyticsScope Scope, Period Period) : IQuery<LatencyReport>
{
    internal TimeSpan DefaultLength => Period is Period.QuarterHour or Period.Hour ? TimeSpan.FromDays(1) : TimeSpan.FromDays(30);
}

/// <remarks><c>Data</c>: every bucket, empty ones as well.</remarks>
public sealed record LatencyReport(Period Period, DateTimeOffset From, DateTimeOffset To, string Zone, IReadOnlyList<LatencyBucket> Data);

/// <param name="Timestamp">Where the bucket begins, also where the range begins later.</param>
/// <param name="Tasks">Tasks created in it.</param>
/// <param name="Duration">Seconds of runs.</param>
/// <param name="QueueTime">Seconds from registration to the start.</param>
public sealed record LatencyBucket(DateTimeOffset Timestamp, long Tasks, Percentiles Duration, Percentiles QueueTime);

internal sealed class GetLatencyValidator : AbstractValidator<GetLatencyQuery>
{
    public GetLatencyValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, _ => null);
        this.PeriodFits(q => q.Scope, _ => null, q => q.Period, q => q.DefaultLength, time);
    }
}

internal sealed class GetLatencyHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetLatencyQuery, LatencyReport>
{
    public async Task<LatencyReport> Handle(GetLatencyQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope, time.GetUtcNow(), query.DefaultLength);
        var starts = Calendar.Starts(range.From, range.To, query.Period, query.Scope.Zone);
        var groups = (await reader.ReadAsync(
            new TaskQuestion(Calendar.Boundaries(range, starts), Dimension.All, query.Scope.Filters, Quantiles: true), cancellationToken))
            .ToDictionary(group => group.Bucket, group => group.Measures);
        var nothing = new TaskMeasures(withHistograms: true);
        return new LatencyReport(query.Period, range.From, range.To, query.Scope.Zone.Id, [.. starts.Select((start, i) =>
        {
            var measures = groups.GetValueOrDefault(i, nothing);
            return new LatencyBucket(start, measures.Sums.Tasks, Percentiles.Of(measures.Durations!), Percentiles.Of(measures.QueueTimes!));
        })]);
    }
}
