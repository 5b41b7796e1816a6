using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// One task, read by hand: of all that is asked for it is asked for most, and a prepared statement costs PostgreSQL and this process a third of what EF Core's
/// query does (docs/performance.md). The members of the DTO are required: one that is added does not compile until it is read here.
/// </summary>
internal static class TaskRow
{
    public const string Sql =
        """
        SELECT task_id, session_id, user_id, status, provisional_until IS NOT NULL, assigned_agent, agent_type, source, model, created_at, started_at, completed_at,
            coalesce(cost_usd, 0), coalesce(input_tokens, 0), coalesce(output_tokens, 0),
            coalesce(duration_seconds, date_part('epoch', completed_at - started_at)), date_part('epoch', completed_at - created_at),
            input_message, conversation_id, flow_id, parent_task_id, stop_requested_at, stop_confirmed_at, version, result, error, source_metadata,
            coalesce(newest."offset", 0), newest."timestamp"
        FROM tasks
        LEFT JOIN LATERAL (
            SELECT "offset", "timestamp" FROM task_log WHERE task_log.task_id = tasks.task_id ORDER BY "offset" DESC LIMIT 1) AS newest ON true
        WHERE task_id = $1
        """;

    public static FoundTask Read(NpgsqlDataReader row)
    {
        var column = 0;
        T Next<T>() => row.GetFieldValue<T>(column++);
        T? NextOrNull<T>()
            where T : class => row.IsDBNull(column++) ? null : row.GetFieldValue<T>(column - 1);
        T? NextValue<T>()
            where T : struct => row.IsDBNull(column++) ? null : row.GetFieldValue<T>(column - 1);
        var task = new TaskDetails
        {
            TaskId = Next<string>(),
            SessionId = Next<string>(),
            UserId = Next<string>(),
            Status = StatusConverter.Parse(Next<string>()),
            Provisional = Next<bool>(),
            AssignedAgent = NextOrNull<string>(),
            AgentType = Next<string>(),
            Source = Next<string>(),
            Model = NextOrNull<string>(),
            CreatedAt = Next<DateTimeOffset>(),
            StartedAt = NextValue<DateTimeOffset>(),
            CompletedAt = NextValue<DateTimeOffset>(),
            CostUsd = Next<decimal>(),
            InputTokens = Next<long>(),
            OutputTokens = Next<long>(),
            DurationSeconds = NextValue<double>(),
            TurnaroundSeconds = NextValue<double>(),
            InputMessage = Next<string>(),
            ConversationId = NextOrNull<string>(),
            FlowId = NextOrNull<string>(),
            ParentTaskId = NextOrNull<string>(),
            StopRequestedAt = NextValue<DateTimeOffset>(),
            StopConfirmedAt = NextValue<DateTimeOffset>(),
            Version = Next<int>(),
            Result = NextOrNull<string>(),
            Error = NextOrNull<string>(),
            SourceMetadata = Next<string>(),
        };
        var lastOffset = Next<long>();
        return new FoundTask(task.Status.IsFinal() ? task : task with { LastOutputAt = NextValue<DateTimeOffset>() }, lastOffset);
    }
}
