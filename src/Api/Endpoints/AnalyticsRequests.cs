using System.ComponentModel;
using System.Globalization;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Queries;
using GrooteDashboard.Domain.Common;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>What all questions about analytics have in common. Every value is text: an empty one says nothing, a bad one is a 422 with its name.</summary>
internal record AnalyticsRequest(
    [property: Description("Created at or after: a time, or a day in the zone"), FromQuery(Name = "from")] string? From,
    [property: Description("Created before: a time, or until the end of a day in the zone; now unless told"), FromQuery(Name = "to")] string? To,
    [property: Description("An IANA time zone in which days begin; UTC unless told"), FromQuery(Name = "zone")] string? Zone,
    [property: Description("Only these agents, separated by commas"), FromQuery(Name = "agent")] string? Agent,
    [property: Description("Only these types of agents"), FromQuery(Name = "agent_type")] string? AgentType,
    [property: Description("Only these sources"), FromQuery(Name = "source")] string? Source,
    [property: Description("Only these models"), FromQuery(Name = "model")] string? Model,
    [property: Description("Only these statuses"), FromQuery(Name = "status")] string? Status,
    [property: Description("csv for a table"), FromQuery(Name = "format")] string? Format)
{
    public AnalyticsScope ToScope()
    {
        var zone = AnalyticsValues.Zone(Zone);
        return new AnalyticsScope(AnalyticsValues.Time("from", From, zone), AnalyticsValues.Time("to", To, zone, endOfDay: true), zone, Filters());
    }

    private Dictionary<Dimension, IReadOnlyList<string>> Filters()
    {
        var filters = new Dictionary<Dimension, IReadOnlyList<string>>();
        foreach (var (dimension, text) in new[]
        {
            (Dimension.Agent, Agent), (Dimension.AgentType, AgentType), (Dimension.Source, Source), (Dimension.Model, Model), (Dimension.Status, Status),
        })
        {
            if (QueryValues.List(text) is { Count: > 0 } values)
            {
                filters.Add(dimension, values);
            }
        }

        return filters;
    }
}

/// <summary>How a chart is cut into buckets.</summary>
internal sealed record ChartRequest(
    [property: Description("quarter_hour, hour, day, week or month"), FromQuery(Name = "period")] string? Period,
    [property: Description("agent, agent_type, source, model, status or user"), FromQuery(Name = "by")] string? By,
    [property: Description("How many values, 1 to 100"), FromQuery(Name = "top")] string? Top,
    [property: Description("Of existing clients: the last 1 to 365 days"), FromQuery(Name = "days")] string? Days,
    [property: Description("Of existing clients: day or hour"), FromQuery(Name = "granularity")] string? Granularity);

internal sealed record GroupRequest(
    [property: Description("agent, agent_type, source, model, status or user"), FromQuery(Name = "by")] string? By,
    [property: Description("How many values, 1 to 100"), FromQuery(Name = "top")] string? Top,
    [property: Description("Of a breakdown: cost, tasks, tokens or failed"), FromQuery(Name = "order")] string? Order);

internal sealed record CompareRequest(
    [property: Description("Where the other range begins; the time of the same length before unless told"), FromQuery(Name = "against_from")] string? AgainstFrom,
    [property: Description("Where the other range ends"), FromQuery(Name = "against_to")] string? AgainstTo,
    [property: Description("agent, agent_type, source, model, status or user"), FromQuery(Name = "by")] string? By,
    [property: Description("How many values, 1 to 100"), FromQuery(Name = "top")] string? Top);

internal sealed record ConversationCostsRequest(
    [property: Description("First run at or after; what cannot be read is ignored"), FromQuery(Name = "start_date")] string? StartDate,
    [property: Description("First run until; what cannot be read is ignored"), FromQuery(Name = "end_date")] string? EndDate,
    [property: Description("cost for the costliest first, instead of the newest"), FromQuery(Name = "order")] string? Order,
    [property: Description("1 to 500, 100 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("So many are passed over"), FromQuery(Name = "offset")] string? Offset,
    [property: Description("csv for a table"), FromQuery(Name = "format")] string? Format)
{
    public GetConversationCostsQuery ToQuery() => new(
        AnalyticsValues.TimeOrNothing(StartDate),
        AnalyticsValues.TimeOrNothing(EndDate, endOfDay: true),
        Order switch
        {
            null or "" => false,
            "cost" => true,
            _ => throw QueryValues.Invalid("order", "order must be cost, or left out."),
        },
        QueryValues.Integer("offset", Offset) ?? 0,
        QueryValues.Integer("limit", Limit) ?? GetConversationCostsQuery.DefaultLimit);
}

/// <summary>Reads the values of questions about analytics.</summary>
internal static class AnalyticsValues
{
    public static TimeZoneInfo Zone(string? name) =>
        string.IsNullOrEmpty(name) ? TimeZoneInfo.Utc
        : LocalTime.FindZone(name) ?? throw QueryValues.Invalid("zone", "zone must be an IANA time zone such as Europe/Berlin.");

    /// <summary>A time; or a day, which begins and ends in the zone.</summary>
    public static DateTimeOffset? Time(string name, string? value, TimeZoneInfo zone, bool endOfDay = false)
    {
        // Checks the year as well: a day before or after can be counted.
        var time = QueryValues.Time(name, value, endOfDay);
        return DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? ToUtc(day.AddDays(endOfDay ? 1 : 0), zone)
            : time;
    }

    public static DateTimeOffset? TimeOrNothing(string? value, bool endOfDay = false)
    {
        try
        {
            return QueryValues.Time("date", value, endOfDay);
        }
        catch (FluentValidation.ValidationException)
        {
            return null;
        }
    }

    public static Period Period(string? value, Period otherwise) => value switch
    {
        null or "" => otherwise,
        "quarter_hour" => Application.Analytics.Contracts.Period.QuarterHour,
        "hour" => Application.Analytics.Contracts.Period.Hour,
        "day" => Application.Analytics.Contracts.Period.Day,
        "week" => Application.Analytics.Contracts.Period.Week,
        "month" => Application.Analytics.Contracts.Period.Month,
        _ => throw QueryValues.Invalid("period", "period must be one of quarter_hour, hour, day, week, month."),
    };

    public static Dimension? By(string? value) => value switch
    {
        null or "" => null,
        "agent" => Dimension.Agent,
        "agent_type" => Dimension.AgentType,
        "source" => Dimension.Source,
        "model" => Dimension.Model,
        "status" => Dimension.Status,
        "user" => Dimension.User,
        _ => throw QueryValues.Invalid("by", "by must be one of agent, agent_type, source, model, status, user."),
    };

    public static BreakdownOrder Order(string? value) => value switch
    {
        null or "" or "cost" => BreakdownOrder.Cost,
        "tasks" => BreakdownOrder.Tasks,
        "tokens" => BreakdownOrder.Tokens,
        "failed" => BreakdownOrder.Failed,
        _ => throw QueryValues.Invalid("order", "order must be one of cost, tasks, tokens, failed."),
    };

    public static bool ByHour(string? granularity) => granularity switch
    {
        null or "" or "day" => false,
        "hour" => true,
        _ => throw QueryValues.Invalid("granularity", "granularity must be day or hour."),
    };

    public static int Top(string? value, int otherwise) => QueryValues.Integer("top", value) ?? otherwise;

    public static int Days(string? value) => QueryValues.Integer("days", value) ?? GetCostColumnsQuery.DefaultDays;

    /// <summary>Midnight; where clocks skip it, the first moment of the day.</summary>
    private static DateTimeOffset ToUtc(DateOnly day, TimeZoneInfo zone) => LocalTime.ToUtc(day.ToDateTime(TimeOnly.MinValue), zone);
}
