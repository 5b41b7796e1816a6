using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// Tasks by their ids, read by hand: of all that is asked for they are asked for most, and a prepared statement costs PostgreSQL a fifth of one that it has to
/// plan (docs/performance.md). The members of the DTO are required: one that is added does not compile until it is read here.
/// </summary>
internal static class TaskRow
{
    /// <summary>Characters of output that come along: enough for nearly every task that has ended.</summary>
    public const int MaxOutputLength = 65_536;

    /// <summary>Rows of output that are joined.</summary>
    private const int OutputRows = 32;

    private static readonly string Rows =
        $"""
        SELECT asked.place, tasks.task_id, session_id, user_id, status, provisional_until IS NOT NULL, assigned_agent, agent_type, source, model, created_at, started_at,
            completed_at, coalesce(cost_usd, 0), coalesce(input_tokens, 0), coalesce(output_tokens, 0),
            coalesce(duration_seconds, date_part('epoch', completed_at - started_at)), date_part('epoch', completed_at - created_at),
            input_message, conversation_id, flow_id, parent_task_id, stop_requested_at, stop_confirmed_at, version, result, error, source_metadata,
            coalesce(newest."offset", 0), newest."timestamp", outputs.joined, outputs."timestamp"
        FROM unnest($1) WITH ORDINALITY AS asked (task_id, place)
        JOIN tasks ON tasks.task_id = asked.task_id
        LEFT JOIN LATERAL (
            SELECT "offset", "timestamp" FROM task_log WHERE task_log.task_id = asked.task_id ORDER BY "offset" DESC LIMIT 1) AS newest ON true
        CROSS JOIN LATERAL (
            SELECT CASE WHEN count(*) <= {OutputRows} AND coalesce(sum(length(output)), 0) <= {MaxOutputLength}
                THEN coalesce(string_agg(output, '' ORDER BY "offset"), '') END AS joined, max("timestamp") AS "timestamp"
            FROM (
                SELECT output, "offset", "timestamp" FROM task_log
                WHERE task_log.task_id = asked.task_id AND kind = '{OutputKinds.Output}' ORDER BY "offset" DESC LIMIT {OutputRows + 1}) AS ends) AS outputs
        """;

    public static NpgsqlCommand Ask(NpgsqlConnection connection, string[] taskIds) => new(Rows, connection)
    {
        Parameters = { new NpgsqlParameter<string[]> { TypedValue = taskIds } },
    };

    /// <summary>The task of a row, and which of the ids that were asked for is its own, from 0.</summary>
    public static (int Place, FoundTask Found) Read(NpgsqlDataReader row)
    {
        var column = new ColumnReader(row);
        var place = (int)column.Next<long>() - 1;
        var task = new TaskDetails
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
            Result = column.NextOrNull<string>(),
            Error = column.NextOrNull<string>(),
            SourceMetadata = column.Next<string>(),
        };
        var lastOffset = column.Next<long>();
        var lastOutputAt = column.NextValue<DateTimeOffset>();
        var output = column.NextOrNull<string>();
        var outputAt = column.NextValue<DateTimeOffset>();
        return (place, new FoundTask(
            task.Status.IsFinal() ? task : task with { LastOutputAt = lastOutputAt },
            lastOffset,
            output is null ? null : new OutputTail(output, Truncated: false, outputAt)));
    }
}
