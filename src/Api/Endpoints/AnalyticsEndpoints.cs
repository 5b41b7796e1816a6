using System.ComponentModel;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Queries;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>What the tasks come to (docs/protocol/analytics.md). Each answer is also to be had as a table.</summary>
internal static class AnalyticsEndpoints
{
    public static void MapAnalyticsEndpoints(this IEndpointRouteBuilder app)
    {
        var analytics = app.MapGroup("/api/analytics").WithTags("Analytics").RequireAuthorization(Policies.Viewer)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .AddEndpointFilter(new SharedAnswers());
        analytics.MapGet("/summary", Summarize).WithSummary("Cost, tasks, tokens and success of all times, today, or a range, and the change").Produces<Summary>();
        analytics.MapGet("/costs/histogram", ShowCosts).WithSummary("Cost and tasks over time; with period every bucket, without it columns as existing clients read them")
            .Produces<CostHistogram>();
        analytics.MapGet("/costs/by-subagent", ShowCostsByAgent).WithSummary("What each agent cost, in columns").Produces<CostsByAgent>();
        analytics.MapGet("/performance", ShowPerformance).WithSummary("Success, percentiles and throughput, by a dimension").Produces<PerformanceReport>();
        analytics.MapGet("/latency", ShowLatency).WithSummary("Percentiles of duration and time in the queue over time").Produces<LatencyReport>();
        analytics.MapGet("/breakdown", BreakDown).WithSummary("The first few values of a dimension, and the rest").Produces<Breakdown>();
        analytics.MapGet("/compare", Compare).WithSummary("One range beside another one").Produces<Comparison>();
        analytics.MapGet("/heatmap", ShowHeatmap).WithSummary("Tasks and cost by hour of the week").Produces<Heatmap>();
        analytics.MapGet("/sessions", ShowSessions).WithSummary("Sessions: how many, and how long").Produces<SessionReport>();
        analytics.MapGet("/conversations", ShowConversations).WithSummary("What conversations come to").Produces<ConversationCosts>();
    }

    private static async Task<IResult> Summarize([AsParameters] AnalyticsRequest request, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var summary = await mediator.Send(new GetSummaryQuery(request.ToScope()), cancellationToken);
        return TableResult.Of(summary, "summary", () => [summary], request.Format, context);
    }

    private static async Task<IResult> ShowCosts(
        [AsParameters] AnalyticsRequest request, [AsParameters] ChartRequest chart, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(chart.Period))
        {
            var columns = await mediator.Send(
                new GetCostColumnsQuery(request.ToScope(), AnalyticsValues.Days(chart.Days), AnalyticsValues.ByHour(chart.Granularity)), cancellationToken);
            return TableResult.Of(columns, "costs", () => columns.Dates.Select((date, i) => new
            {
                Date = date,
                Cost = columns.Costs[i],
                TaskCount = columns.TaskCounts[i],
                Tokens = columns.Tokens[i],
                AvgLatency = columns.AvgLatency[i],
                ErrorCount = columns.ErrorCounts[i],
            }), request.Format, context);
        }

        var histogram = await mediator.Send(
            new GetCostHistogramQuery(
                request.ToScope(), AnalyticsValues.Period(chart.Period, Period.Day), AnalyticsValues.By(chart.By), AnalyticsValues.Top(chart.Top, GetCostHistogramQuery.DefaultTop)),
            cancellationToken);
        return TableResult.Of(histogram, "costs", () => histogram.Series is null ? histogram.Data : Rows(histogram), request.Format, context);
    }

    private static async Task<IResult> ShowCostsByAgent(
        [Description("The last 1 to 365 days, 30 unless told"), FromQuery(Name = "days")] string? days,
        [Description("csv for a table"), FromQuery(Name = "format")] string? format,
        IMediator mediator,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var costs = await mediator.Send(new GetCostsByAgentQuery(AnalyticsValues.Days(days)), cancellationToken);
        return TableResult.Of(
            costs, "costs-by-agent", () => costs.Subagents.Select((agent, i) => new { Subagent = agent, Cost = costs.Costs[i], TaskCount = costs.TaskCounts[i] }), format, context);
    }

    private static async Task<IResult> ShowPerformance(
        [AsParameters] AnalyticsRequest request, [AsParameters] GroupRequest group, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var report = await mediator.Send(
            new GetPerformanceQuery(request.ToScope(), AnalyticsValues.By(group.By), AnalyticsValues.Top(group.Top, GetPerformanceQuery.DefaultTop)), cancellationToken);
        return TableResult.Of(report, "performance", () => report.Groups.Append(report.Total), request.Format, context);
    }

    private static async Task<IResult> ShowLatency(
        [AsParameters] AnalyticsRequest request, [AsParameters] ChartRequest chart, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var report = await mediator.Send(new GetLatencyQuery(request.ToScope(), AnalyticsValues.Period(chart.Period, Period.Hour)), cancellationToken);
        return TableResult.Of(report, "latency", () => report.Data, request.Format, context);
    }

    private static async Task<IResult> BreakDown(
        [AsParameters] AnalyticsRequest request, [AsParameters] GroupRequest group, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var by = AnalyticsValues.By(group.By)
            ?? throw QueryValues.Invalid("by", "by must be one of agent, agent_type, source, model, status, user; conversations are at /api/analytics/conversations?order=cost.");
        var breakdown = await mediator.Send(
            new GetBreakdownQuery(request.ToScope(), by, AnalyticsValues.Top(group.Top, GetBreakdownQuery.DefaultTop), AnalyticsValues.Order(group.Order)), cancellationToken);
        return TableResult.Of(breakdown, "breakdown", () => breakdown.Rows, request.Format, context);
    }

    private static async Task<IResult> Compare(
        [AsParameters] AnalyticsRequest request, [AsParameters] CompareRequest compare, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var scope = request.ToScope();
        var comparison = await mediator.Send(
            new CompareRangesQuery(
                scope,
                AnalyticsValues.Time("against_from", compare.AgainstFrom, scope.Zone),
                AnalyticsValues.Time("against_to", compare.AgainstTo, scope.Zone, endOfDay: true),
                AnalyticsValues.By(compare.By),
                AnalyticsValues.Top(compare.Top, CompareRangesQuery.DefaultTop)),
            cancellationToken);
        return TableResult.Of(
            comparison, "comparison", () => comparison.Groups ?? [new ComparedGroup("", comparison.Range.Figures, comparison.Against.Figures, comparison.Change)], request.Format, context);
    }

    private static async Task<IResult> ShowHeatmap([AsParameters] AnalyticsRequest request, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var heatmap = await mediator.Send(new GetHeatmapQuery(request.ToScope()), cancellationToken);
        return TableResult.Of(heatmap, "heatmap", () => heatmap.Cells, request.Format, context);
    }

    private static async Task<IResult> ShowSessions(
        [AsParameters] AnalyticsRequest request, [AsParameters] ChartRequest chart, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var report = await mediator.Send(new GetSessionReportQuery(request.ToScope(), AnalyticsValues.Period(chart.Period, Period.Day)), cancellationToken);
        return TableResult.Of(report, "sessions", () => report.Data, request.Format, context);
    }

    private static async Task<IResult> ShowConversations(
        [AsParameters] ConversationCostsRequest request, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        var costs = await mediator.Send(request.ToQuery(), cancellationToken);
        return TableResult.Of(costs, "conversations", () => costs.Conversations, request.Format, context);
    }

    /// <summary>One row for every bucket and series.</summary>
    private static IEnumerable<object> Rows(CostHistogram histogram) =>
        from bucket in Enumerable.Range(0, histogram.Data.Count)
        from series in histogram.Series!
        select new { histogram.Data[bucket].Timestamp, Value = series.Other ? "other" : series.Value, Cost = series.Cost[bucket], Tasks = series.Tasks[bucket] };
}
