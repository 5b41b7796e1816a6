using FluentValidation;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Analytics;
using MediatR;

namespace GrooteDashboard.Application.Analytics.Queries;

/// <summary>When in the week tasks are created.</summary>
public sealed record GetHeatmapQuery(AnalyticsScope Scope) : IQuery<Heatmap>
{
    public const int MaxDays = 366;
}

/// <remarks><c>Cells</c>: 168: every hour of the week, from Monday 0 o'clock.</remarks>
public sealed record Heatmap(DateTimeOffset From, DateTimeOffset To, string Zone, IReadOnlyList<HeatmapCell> Cells);

/// <remarks><c>Day</c>: 1 is Monday; <c>Hour</c>: 0 to 23.</remarks>
public sealed record HeatmapCell(int Day, int Hour, long Tasks, decimal Cost, long Failed, decimal AverageDurationSeconds);

internal sealed class GetHeatmapValidator : AbstractValidator<GetHeatmapQuery>
{
    public GetHeatmapValidator(TimeProvider time)
    {
        this.ScopeIsSound(q => q.Scope, time);
        this.CanBeCombined(q => q.Scope, _ => null);
        RuleFor(q => q.Scope).Must(scope => (scope.To ?? time.GetUtcNow()) - scope.From is not { } length || length <= TimeSpan.FromDays(GetHeatmapQuery.MaxDays))
            .OverridePropertyName("from").WithMessage($"A heat map covers at most {GetHeatmapQuery.MaxDays} days.");
        this.PeriodFits(q => q.Scope, _ => null, _ => Period.Hour, _ => GetPerformanceQuery.DefaultLength, time);
    }
}

internal sealed class GetHeatmapHandler(IAnalyticsReader reader, TimeProvider time) : IRequestHandler<GetHeatmapQuery, Heatmap>
{
    private const int HoursPerDay = 24;
    private const int DaysPerWeek = 7;

    public async Task<Heatmap> Handle(GetHeatmapQuery query, CancellationToken cancellationToken)
    {
        var range = TimeRange.Of(query.Scope, time.GetUtcNow(), GetPerformanceQuery.DefaultLength);
        var starts = Calendar.Starts(range.From, range.To, Period.Hour, query.Scope.Zone);
        var sums = new TaskSums[DaysPerWeek * HoursPerDay];
        foreach (var group in await reader.ReadAsync(
            new TaskQuestion(Calendar.Boundaries(range, starts), Dimension.All, query.Scope.Filters), cancellationToken))
        {
            var local = TimeZoneInfo.ConvertTime(starts[group.Bucket], query.Scope.Zone);
            sums[((((int)local.DayOfWeek + 6) % DaysPerWeek) * HoursPerDay) + local.Hour] += group.Measures.Sums;
        }

        return new Heatmap(range.From, range.To, query.Scope.Zone.Id, [.. sums.Select((sum, i) => new HeatmapCell(
            (i / HoursPerDay) + 1, i % HoursPerDay, sum.Tasks, Figures.Plain(sum.CostUsd), sum.Failed, Figures.AverageDuration(sum)))]);
    }
}
