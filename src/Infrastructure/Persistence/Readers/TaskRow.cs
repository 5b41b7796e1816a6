using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Tasks;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// One task, read by hand: of all that is asked for it is asked for most, and a prepared statement costs PostgreSQL a fifth of one that it has to plan
/// (docs/performance.md). The members of the DTO are required: one that is added does not compile until it is read here.
/// </summary>
internal static class TaskRow
{
    /// <summary>Rows of output that come along: enough for nearly every task that has ended.</summary>
    private const int OutputRows = 32;

    private const string Output =
        $"""
        SELECT output, "timestamp" FROM task_log WHERE task_id = $1 AND kind = '{OutputKinds.Output}' ORDER BY "offset" DESC LIMIT $2
        """;

    private const string Row =
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

    public static NpgsqlBatch Ask(NpgsqlConnection connection, string taskId) => new(connection)
    {
        BatchCommands =
        {
            new NpgsqlBatchCommand(Row) { Parameters = { new NpgsqlParameter<string> { TypedValue = taskId } } },
            // After the row, so that what is written between the two is told again rather than missed.
            new NpgsqlBatchCommand(Output)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = taskId }, new NpgsqlParameter<long> { TypedValue = OutputRows + 1 } },
            },
        },
    };

    public static async Task<FoundTask?> ReadAsync(NpgsqlDataReader answer, CancellationToken cancellationToken)
    {
        if (!await answer.ReadAsync(cancellationToken))
        {
            return null;
        }

        var found = ReadRow(answer);
        await answer.NextResultAsync(cancellationToken);
        var (pieces, length) = (new List<string>(), 0);
        DateTimeOffset? newest = null;
        while (await answer.ReadAsync(cancellationToken))
        {
            newest ??= answer.GetFieldValue<DateTimeOffset>(1);
            pieces.Add(answer.GetString(0));
            length += pieces[^1].Length;
        }

        if (pieces.Count > OutputRows || length > GetTaskQuery.MaxOutputLength)
        {
            return found;
        }

        pieces.Reverse();
        return found with { Output = new OutputTail(string.Concat(pieces), Truncated: false, newest) };
    }

    private static FoundTask ReadRow(NpgsqlDataReader row)
    {
        var column = new ColumnReader(row);
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
        return new FoundTask(task.Status.IsFinal() ? task : task with { LastOutputAt = column.NextValue<DateTimeOffset>() }, lastOffset);
    }
}
