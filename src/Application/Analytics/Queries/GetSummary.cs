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
        var days = await SumsAsync([yesterday, sameTime, midnight, TimeRange.EndOfQuarter(now)], scope, cancellationToken);
        var (today, before) = (Figures.Of(days[2]), Figures.Of(days[0]));

        var range = TimeRange.OfAll(scope, now);
        var ranges = scope.From is null
            ? await SumsAsync([range.From, range.ReadTo], scope, cancellationToken)
            : await SumsAsync([range.Before().From, range.From, range.ReadTo], scope, cancellationToken);
        var figures = Figures.Of(ranges[^1]);
        var previous = scope.From is null ? null : Figures.Of(ranges[0]);
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
    }

    private async Task<TaskSums[]> SumsAsync(IReadOnlyList<DateTimeOffset> boundaries, AnalyticsScope scope, CancellationToken cancellationToken)
    {
        var sums = new TaskSums[boundaries.Count - 1];
        foreach (var group in await reader.ReadAsync(new TaskQuestion(boundaries, Dimension.All, scope.Filters), cancellationToken))
        {
            sums[group.Bucket] = group.Measures.Sums;
        }

        return sums;
    }
}
