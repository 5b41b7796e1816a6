using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>What all tasks come to, those of today, and how that differs from the time before. Without a beginning: of all times.</summary>
public sealed record GetSummaryQuery(AnalyticsScope Scope) : IQuery<Summary>;

internal sealed class GetSummaryValidator : AbstractValidator<GetSummaryQuery>
{
    public GetSummaryValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, _ => null);
    }
}

internal sealed class GetSummaryHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetSummaryQuery, Summary>
{
    public async Task<Summary> Handle(GetSummaryQuery query, CancellationToken cancellationToken)
    {
        var (scope, now) = (query.Scope, time.GetUtcNow());
        var midnight = Calendar.Midnight(now, scope.Zone);
        var yesterday = Calendar.Midnight(midnight.AddHours(-1), scope.Zone);
        var sameTime = yesterday + (now - midnight);
        // On a day that is longer than the one before, this time of day may not have been yet.
        sameTime = sameTime < midnight ? sameTime : midnight.AddTicks(-1);
        var range = TimeRange.OfAll(scope, now);
        var end = TimeRange.EndOfMonth(now);
        DateTimeOffset? beforeFrom = scope.From is null ? null : range.Before().From;

        // All of it in one question: it is of one moment, and asked once.
        DateTimeOffset[] times = [yesterday, sameTime, midnight, end, range.From, range.ReadTo, beforeFrom ?? range.From];
        DateTimeOffset[] boundaries = [.. times.Distinct().Order()];
        var sums = new TaskSums[boundaries.Length - 1];
        foreach (var group in await reader.ReadAsync(new TaskQuestion(boundaries, Dimension.All, scope.Filters), cancellationToken))
        {
            sums[group.Bucket] = group.Measures.Sums;
        }

        var (today, before) = (Between(midnight, end), Between(yesterday, sameTime));
        var figures = Between(range.From, range.ReadTo);
        var previous = beforeFrom is { } start ? Between(start, range.From) : null;
        return new Summary(
            today.Cost,
            today.Tasks,
            figures.Cost,
            figures.Tasks,
            scope.From,
            range.To,
            scope.Zone.Id,
            figures,
            today,
            before,
            previous,
            previous is null ? null : Change.Between(previous, figures),
            Change.Between(before, today));

        Figures Between(DateTimeOffset from, DateTimeOffset to)
        {
            var sum = default(TaskSums);
            for (var i = 0; i < sums.Length; i++)
            {
                if (boundaries[i] >= from && boundaries[i] < to)
                {
                    sum += sums[i];
                }
            }

            return Figures.Of(sum);
        }
    }
}
