using System.Globalization;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>A task as a row of a list, read by hand as <see cref="TaskRow"/> is.</summary>
internal static class TaskSummaryRow
{
    public static readonly string Columns = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        task_id, session_id, user_id, status, provisional_until IS NOT NULL, assigned_agent, agent_type, source, model, created_at, started_at, completed_at,
        coalesce(cost_usd, 0), coalesce(input_tokens, 0), coalesce(output_tokens, 0),
        coalesce(duration_seconds, date_part('epoch', completed_at - started_at)), date_part('epoch', completed_at - created_at),
        substring(input_message, 1, {TaskSummary.InputPreviewLength}), conversation_id, flow_id, parent_task_id, stop_requested_at, stop_confirmed_at, version
        """);

    /// <summary>With the time of the newest entry of the log. In the same statement: another one would be another way there and back.</summary>
    public static readonly string LiveColumns =
        $"""
        {Columns},
        CASE WHEN status IN ({string.Join(", ", Enum.GetValues<AgentTaskStatus>().Where(status => status.IsFinal()).Select(status => $"'{status.Name()}'"))}) THEN NULL
            ELSE (SELECT "timestamp" FROM task_log WHERE task_log.task_id = tasks.task_id ORDER BY "offset" DESC LIMIT 1) END
        """;

    public static TaskSummary Read(NpgsqlDataReader row)
    {
        var column = new ColumnReader(row);
        return Read(ref column);
    }

    public static TaskSummary ReadLive(NpgsqlDataReader row)
    {
        var column = new ColumnReader(row);
        var task = Read(ref column);
        return column.NextValue<DateTimeOffset>() is { } lastOutputAt ? task with { LastOutputAt = lastOutputAt } : task;
    }

    private static TaskSummary Read(ref ColumnReader column) => new()
    {
        TaskId = column.Next<string>(),
        SessionId = column.Next<string>(),
        UserId = column.Next<string>(),
        Status = StatusConverter.Parse(column.Next<string>()),
        Provisional = column.Next<bool>(),
        AssignedAgent = column.NextOrNull<string>(),
        AgentType = column.Next<string>(),
        Source = column.Next<string>(),
        Model = column.NextOrNull<string>(),
        CreatedAt = column.Next<DateTimeOffset>(),
        StartedAt = column.NextValue<DateTimeOffset>(),
        CompletedAt = column.NextValue<DateTimeOffset>(),
        CostUsd = column.Next<decimal>(),
        InputTokens = column.Next<long>(),
        OutputTokens = column.Next<long>(),
        DurationSeconds = column.NextValue<double>(),
        TurnaroundSeconds = column.NextValue<double>(),
        InputMessage = column.Next<string>(),
        ConversationId = column.NextOrNull<string>(),
        FlowId = column.NextOrNull<string>(),
        ParentTaskId = column.NextOrNull<string>(),
        StopRequestedAt = column.NextValue<DateTimeOffset>(),
        StopConfirmedAt = column.NextValue<DateTimeOffset>(),
        Version = column.Next<int>(),
    };
}
