using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>Sessions that were opened in a range: how many, and how long they lasted.</summary>
public sealed record GetSessionReportQuery(AnalyticsScope Scope, Period Period) : IQuery<SessionReport>
{
    public const int MaxDays = 366;
}

public sealed record SessionReport(
    Period Period,
    DateTimeOffset From,
    DateTimeOffset To,
    string Zone,
    long Sessions,
    long Active,
    decimal AverageDurationSeconds,
    Percentiles Duration,
    IReadOnlyList<SessionBucket> Data);

public sealed record SessionBucket(DateTimeOffset Timestamp, long Sessions, long Active, decimal AverageDurationSeconds);

internal sealed class GetSessionReportValidator : AbstractValidator<GetSessionReportQuery>
{
    public GetSessionReportValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        RuleFor(q => q.Scope).Must(scope => (scope.To ?? time.GetUtcNow()) - scope.From is not { } length || length <= TimeSpan.FromDays(GetSessionReportQuery.MaxDays))
            .OverridePropertyName("from").WithMessage($"A report on sessions covers at most {GetSessionReportQuery.MaxDays} days.");
        RuleFor(q => q.Scope.Filters).Empty().OverridePropertyName("filters").WithMessage("Sessions have no agent, agent_type, source, model or status.");
        this.PeriodFits(q => q.Scope, _ => null, q => q.Period, _ => GetPerformanceQuery.DefaultLength, time);
    }
}

internal sealed class GetSessionReportHandler(ISessionAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetSessionReportQuery, SessionReport>
{
    private const int Decimals = 3;

    public async Task<SessionReport> Handle(GetSessionReportQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope, time.GetUtcNow(), GetPerformanceQuery.DefaultLength);
        var starts = Calendar.Starts(range.From, range.To, query.Period, query.Scope.Zone);
        var buckets = await reader.ReadAsync(Calendar.Boundaries(range, starts), cancellationToken);
        var total = new SessionSums();
        foreach (var bucket in buckets)
        {
            total.Add(bucket);
        }

        return new SessionReport(
            query.Period,
            range.From,
            range.To,
            query.Scope.Zone.Id,
            total.Sessions,
            total.Active,
            Average(total),
            Percentiles.Of(total.Durations),
            [.. buckets.Select((bucket, i) => new SessionBucket(starts[i], bucket.Sessions, bucket.Active, Average(bucket)))]);
    }

    private static decimal Average(SessionSums sums) => Figures.Ratio(sums.DurationSeconds, sums.Durations.Count, Decimals);
}
