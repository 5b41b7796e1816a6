using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>The totals are those of whole days, and of the conversations themselves at the two ends of the range: less than a day each.</summary>
internal sealed class ConversationCostReader(NpgsqlDataSource source) : IConversationCostReader
{
    private const int CostDecimals = 4;
    private const int DurationDecimals = 2;
    private const int ShareDecimals = 6;

    private const string TotalsSql =
        """
        SELECT coalesce(sum(conversations), 0)::bigint, coalesce(sum(cost_usd), 0), coalesce(sum(tasks), 0)::bigint, coalesce(sum(duration_seconds), 0)
        FROM (
            SELECT conversations, cost_usd, tasks, duration_seconds FROM conversation_days WHERE day >= $1 AND day < $2
            UNION ALL
            SELECT 1, total_cost_usd, total_tasks, round(total_duration_seconds::numeric, 6) FROM conversations
            WHERE started_at >= $3 AND started_at < $4
            UNION ALL
            SELECT 1, total_cost_usd, total_tasks, round(total_duration_seconds::numeric, 6) FROM conversations
            WHERE started_at >= $5 AND started_at < $6
        ) AS part
        """;

    private const string Row = "SELECT conversation_id, title, total_cost_usd, total_tasks, total_duration_seconds, started_at, completed_at FROM conversations";

    public async Task<ConversationCosts> ReadAsync(
        DateTimeOffset? from, DateTimeOffset? to, bool costliestFirst, int offset, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        // One snapshot: what is not on the page is the difference.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        batch.BatchCommands.Add(Totals(from?.UtcDateTime, to?.UtcDateTime));
        batch.BatchCommands.Add(Page(from?.UtcDateTime, to?.UtcDateTime, costliestFirst, offset, limit));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (count, cost, tasks, seconds) = (reader.GetInt64(0), reader.GetDecimal(1), reader.GetInt64(2), reader.GetDecimal(3));
        await reader.NextResultAsync(cancellationToken);
        var page = new List<ConversationCost>();
        while (await reader.ReadAsync(cancellationToken))
        {
            page.Add(new ConversationCost(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetDecimal(2),
                reader.GetInt32(3),
                reader.GetDouble(4),
                Figures.Ratio(reader.GetDecimal(2), cost, ShareDecimals),
                reader.IsDBNull(5) ? null : new DateTimeOffset(reader.GetDateTime(5)),
                reader.IsDBNull(6) ? null : new DateTimeOffset(reader.GetDateTime(6))));
        }

        var otherCost = cost - page.Sum(conversation => conversation.TotalCostUsd);
        return new ConversationCosts(
            count,
            Figures.Plain(Math.Round(cost, CostDecimals)),
            tasks,
            (double)Math.Round(seconds, DurationDecimals),
            Figures.Ratio(cost, count, CostDecimals),
            Figures.Ratio(tasks, count, DurationDecimals),
            page,
            count == page.Count
                ? null
                : new OtherConversations(
                    count - page.Count,
                    Figures.Ratio(otherCost, cost, ShareDecimals),
                    Figures.Plain(Math.Round(otherCost, CostDecimals)),
                    tasks - page.Sum(conversation => conversation.TotalTasks)));
    }

    private static NpgsqlBatchCommand Totals(DateTime? from, DateTime? to)
    {
        // Those without a run belong to no range, and are of the day before all.
        var days = (From: from is { } start ? Day(start.AddTicks(TimeSpan.TicksPerDay - 1)) : to is null ? DateOnly.MinValue : DateOnly.MinValue.AddDays(1), To: to is { } end ? Day(end) : DateOnly.MaxValue);
        var (first, second) = days.From < days.To
            ? ((From: from, To: (DateTime?)Time(days.From)), (From: (DateTime?)Time(days.To), To: to))
            : ((from, to), (null, null));
        var command = new NpgsqlBatchCommand(TotalsSql);
        Add(command, NpgsqlDbType.Date, days.From < days.To ? days.From : null);
        Add(command, NpgsqlDbType.Date, days.From < days.To ? days.To : null);
        Add(command, NpgsqlDbType.TimestampTz, first.From);
        Add(command, NpgsqlDbType.TimestampTz, first.To);
        Add(command, NpgsqlDbType.TimestampTz, second.From);
        Add(command, NpgsqlDbType.TimestampTz, second.To);
        return command;

        static DateOnly Day(DateTime time) => DateOnly.FromDateTime(time);

        static DateTime Time(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
    }

    private static NpgsqlBatchCommand Page(DateTime? from, DateTime? to, bool costliestFirst, int offset, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var where = "WHERE true";
        foreach (var (time, comparison) in new[] { (from, ">="), (to, "<") })
        {
            if (time is not null)
            {
                Add(command, NpgsqlDbType.TimestampTz, time);
                where += $" AND started_at {comparison} ${command.Parameters.Count}";
            }
        }

        Add(command, NpgsqlDbType.Integer, limit);
        Add(command, NpgsqlDbType.Integer, offset);
        command.CommandText =
            $"""
            {Row} {where} ORDER BY {(costliestFirst ? "total_cost_usd DESC, conversation_id" : "started_at DESC NULLS LAST, conversation_id DESC")}
            LIMIT ${command.Parameters.Count - 1} OFFSET ${command.Parameters.Count}
            """;
        return command;
    }

    private static void Add(NpgsqlBatchCommand command, NpgsqlDbType type, object? value) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
}
