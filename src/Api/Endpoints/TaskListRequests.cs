using System.ComponentModel;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Filters of tasks. Every value is text: an empty one means no filter, a bad one is a 422 with its name.</summary>
internal sealed record TaskFilterRequest(
    [property: Description("Any of queued, running, waiting_input, completed, failed, cancelled: repeated, or separated by commas"), FromQuery(Name = "status")] string? Status,
    [property: Description("Assigned to any of these agents: repeated, or separated by commas; up to 50"), FromQuery(Name = "agent")] string? Agent,
    [property: Description("Type of the agent, such as webhook"), FromQuery(Name = "agent_type")] string? AgentType,
    [property: Description("Where it comes from, such as github"), FromQuery(Name = "source")] string? Source,
    [property: Description("Its session"), FromQuery(Name = "session")] string? Session,
    [property: Description("The same as session"), FromQuery(Name = "session_id")] string? SessionId,
    [property: Description("Its conversation"), FromQuery(Name = "conversation")] string? Conversation,
    [property: Description("The same as conversation"), FromQuery(Name = "conversation_id")] string? ConversationId,
    [property: Description("The thread at the source, such as github:owner/repo#42"), FromQuery(Name = "flow_id")] string? FlowId,
    [property: Description("The task that started it, or that it repeats"), FromQuery(Name = "parent")] string? Parent,
    [property: Description("Stands in the id or in what was asked (the first 1,000 characters), whatever its case; at least 3 characters"), FromQuery(Name = "text")] string? Text,
    [property: Description("Created on one UTC day, such as 2026-02-03"), FromQuery(Name = "date")] string? Date,
    [property: Description("Created at or after: a day or an ISO 8601 time"), FromQuery(Name = "date_from")] string? DateFrom,
    [property: Description("Created until: a whole day, or before a time"), FromQuery(Name = "date_to")] string? DateTo,
    [property: Description("US dollars, at least; a cost that is not known is 0"), FromQuery(Name = "cost_min")] string? CostMin,
    [property: Description("US dollars, at most"), FromQuery(Name = "cost_max")] string? CostMax,
    [property: Description("Seconds of the run, at least"), FromQuery(Name = "duration_min")] string? DurationMin,
    [property: Description("Seconds of the run, at most"), FromQuery(Name = "duration_max")] string? DurationMax)
{
    public TaskFilter ToFilter()
    {
        var (from, to) = (QueryValues.Time("date_from", DateFrom), QueryValues.Time("date_to", DateTo, endOfDay: true));
        if (QueryValues.Time("date", Date) is { } day)
        {
            (from, to) = (day, day.AddDays(1));
        }

        return new TaskFilter
        {
            Statuses = ParseStatuses(Status),
            Agents = QueryValues.List(Agent),
            AgentType = QueryValues.Text(AgentType),
            Source = QueryValues.Text(Source),
            SessionId = QueryValues.Text(Session) ?? QueryValues.Text(SessionId),
            ConversationId = QueryValues.Text(Conversation) ?? QueryValues.Text(ConversationId),
            FlowId = QueryValues.Text(FlowId),
            ParentTaskId = QueryValues.Text(Parent),
            Text = string.IsNullOrWhiteSpace(Text) ? null : Text,
            From = from,
            To = to,
            CostMin = QueryValues.Decimal("cost_min", CostMin),
            CostMax = QueryValues.Decimal("cost_max", CostMax),
            DurationMin = QueryValues.Double("duration_min", DurationMin),
            DurationMax = QueryValues.Double("duration_max", DurationMax),
        };
    }

    public static IReadOnlyList<AgentTaskStatus> ParseStatuses(string? status) =>
        [.. QueryValues.List(status).Select(name => AgentTaskLifecycle.TryParse(name, out var parsed)
            ? parsed
            : throw QueryValues.Invalid("status", "status must be any of queued, running, waiting_input, completed, failed, cancelled.")).Distinct()];
}

/// <summary>Order and paging of the list of tasks.</summary>
internal sealed record ListTasksRequest(
    [property: Description("created_at (unless told), completed_at, cost, duration, tokens, status, agent, agent_type or source"), FromQuery(Name = "sort_by")] string? SortBy,
    [property: Description("desc (unless told) or asc"), FromQuery(Name = "sort_order")] string? SortOrder,
    [property: Description("From 1; up to 10,000 rows from either end of the list"), FromQuery(Name = "page")] string? Page,
    [property: Description("1 to 100, 20 unless told"), FromQuery(Name = "per_page")] string? PerPage,
    [property: Description("next of another part of the list in the same order: the rows that follow it"), FromQuery(Name = "after")] string? After,
    [property: Description("prev of another part of the list in the same order: the rows that precede it"), FromQuery(Name = "before")] string? Before,
    [property: Description("For existing clients: so many of the newest as a bare array, 500 at most; goes with filters, not with order and paging"), FromQuery(Name = "limit")] string? Limit)
{
    private const int DefaultPerPage = 20;
    private const int DefaultLimit = 50;

    public bool WantsBareList(CompatibilityOptions compatibility) =>
        !string.IsNullOrEmpty(Limit)
        || (compatibility.BareTaskList && string.IsNullOrEmpty(Page) && string.IsNullOrEmpty(PerPage) && string.IsNullOrEmpty(After) && string.IsNullOrEmpty(Before));

    public ListTasksQuery ToQuery(TaskFilter filter) => new(
        filter,
        ParseOrder(SortBy, SortOrder),
        QueryValues.Integer("page", Page) ?? 1,
        QueryValues.Integer("per_page", PerPage) ?? DefaultPerPage,
        QueryValues.Text(After),
        QueryValues.Text(Before));

    /// <summary>Existing clients may ask for more than there is good in: they get as much as there is good in.</summary>
    public ListNewestTasksQuery ToNewestQuery(TaskFilter filter) => new(
        filter, (int)Math.Min(QueryValues.Long("limit", Limit) ?? DefaultLimit, ListNewestTasksQuery.MaxLimit));

    public static TaskOrder ParseOrder(string? sortBy, string? sortOrder)
    {
        var key = TaskSortKey.Created;
        if (!string.IsNullOrEmpty(sortBy) && !TaskOrder.Keys.TryGetValue(sortBy, out key))
        {
            throw QueryValues.Invalid("sort_by", $"sort_by must be one of {string.Join(", ", TaskOrder.Keys.Keys.Order(StringComparer.Ordinal))}.");
        }

        return sortOrder switch
        {
            null or "" or "desc" => new TaskOrder(key, Descending: true),
            "asc" => new TaskOrder(key, Descending: false),
            _ => throw QueryValues.Invalid("sort_order", "sort_order must be asc or desc."),
        };
    }
}

/// <summary>Filters, order and paging of the existing ledger, under its names.</summary>
internal sealed record TaskTableRequest(
    [property: Description("The session"), FromQuery(Name = "session_id")] string? SessionId,
    [property: Description("The status"), FromQuery(Name = "status")] string? Status,
    [property: Description("The assigned agent"), FromQuery(Name = "subagent")] string? Subagent,
    [property: Description("As in the list of tasks"), FromQuery(Name = "sort_by")] string? SortBy,
    [property: Description("desc unless told; anything else is asc"), FromQuery(Name = "sort_order")] string? SortOrder,
    [property: Description("From 1"), FromQuery(Name = "page")] string? Page,
    [property: Description("1 to 100, 20 unless told"), FromQuery(Name = "page_size")] string? PageSize)
{
    private const int DefaultPageSize = 20;

    public ListTasksQuery ToQuery() => new(
        new TaskFilter
        {
            SessionId = QueryValues.Text(SessionId),
            Statuses = TaskFilterRequest.ParseStatuses(Status),
            Agents = string.IsNullOrEmpty(Subagent) ? [] : [Subagent],
        },
        ListTasksRequest.ParseOrder(SortBy, SortOrder is null or "" or "desc" ? "desc" : "asc"),
        QueryValues.Integer("page", Page) ?? 1,
        ParsePageSize());

    private int ParsePageSize()
    {
        var size = QueryValues.Integer("page_size", PageSize) ?? DefaultPageSize;
        return size is >= 1 and <= ListTasksQuery.MaxPerPage
            ? size
            : throw QueryValues.Invalid("page_size", $"page_size must be from 1 to {ListTasksQuery.MaxPerPage}.");
    }
}

/// <summary>A row of the bare array that existing clients read.</summary>
internal sealed record TaskListRow(
    string TaskId,
    string SessionId,
    AgentTaskStatus Status,
    string? AssignedAgent,
    string AgentType,
    DateTimeOffset CreatedAt,
    decimal CostUsd,
    string InputMessage)
{
    public static IReadOnlyList<TaskListRow> Of(IReadOnlyList<TaskSummary> tasks) =>
        [.. tasks.Select(t => new TaskListRow(t.TaskId, t.SessionId, t.Status, t.AssignedAgent, t.AgentType, t.CreatedAt, t.CostUsd, t.InputMessage))];
}

/// <summary>A row of the existing ledger.</summary>
internal sealed record TaskTableRow(
    string TaskId,
    string SessionId,
    AgentTaskStatus Status,
    string? AssignedAgent,
    string AgentType,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt,
    decimal CostUsd,
    double? DurationSeconds,
    string InputMessage);

/// <summary>A page of the existing ledger.</summary>
internal sealed record TaskTable(IReadOnlyList<TaskTableRow> Tasks, long Total, int Page, int PageSize, long TotalPages)
{
    public static TaskTable Of(TaskPage page) => new(
        [.. page.Items.Select(t => new TaskTableRow(
            t.TaskId, t.SessionId, t.Status, t.AssignedAgent, t.AgentType, t.CreatedAt, t.CompletedAt, t.CostUsd, t.DurationSeconds, t.InputMessage))],
        page.Total,
        page.PageNumber,
        page.PerPage,
        page.Pages);
}
