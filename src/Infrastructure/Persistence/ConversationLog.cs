using System.Text.Json;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Conversations;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>
/// The sequence of each conversation's channel, counted by PostgreSQL: a row gets its offset in the transaction in which it happens, under the lock of its
/// conversation. What is committed is there for every instance, in order and without a hole.
/// </summary>
internal sealed class ConversationLog(NpgsqlDataSource source)
{
    /// <summary>Characters in one answer, about.</summary>
    private const int MaxReadLength = 4 << 20;

    /// <summary>What is to be said on the channels: of each conversation its messages, then what becomes of its tasks.</summary>
    public static IReadOnlyList<IGrouping<string, Saying>> Group(IEnumerable<MessageAdded> messages, IEnumerable<StatusEntry> statuses) =>
    [
        .. messages.Select(added => new Saying(added.Message.ConversationId, added.OccurredAt, added.Message.MessageId, null))
            .Concat(statuses.Where(status => status.Message.ConversationId is not null).Select(status => new Saying(
                status.Message.ConversationId!, status.Timestamp, null, JsonSerializer.Serialize(status.Message, OutboxJsonContext.Default.TaskStatusMessage))))
            .GroupBy(saying => saying.ConversationId, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal),
    ];

    /// <summary>Before anything else is written: whoever changes a task and its conversation takes the two in the same order.</summary>
    public static Task LockAsync(DashboardDbContext db, IReadOnlyList<IGrouping<string, Saying>> said, CancellationToken cancellationToken)
    {
        var ids = said.Select(group => group.Key).ToArray();
        return db.Database.ExecuteSqlAsync(
            $"""SELECT FROM conversations WHERE conversation_id = ANY ({ids}) ORDER BY conversation_id COLLATE "C" FOR UPDATE""", cancellationToken);
    }

    /// <summary>A task may name a conversation that does not exist: then there is no channel.</summary>
    public static async Task AppendAsync(DashboardDbContext db, IReadOnlyList<IGrouping<string, Saying>> said, CancellationToken cancellationToken)
    {
        foreach (var group in said)
        {
            var (id, count) = (group.Key, group.Count());
            var timestamps = group.Select(saying => saying.Timestamp).ToArray();
            var messages = group.Select(saying => saying.MessageId).ToArray();
            var statuses = group.Select(saying => saying.TaskStatus).ToArray();
            var written = await db.Database.ExecuteSqlAsync(
                $"""
                WITH head AS (
                    UPDATE conversations SET log_offset = log_offset + {count} WHERE conversation_id = {id} RETURNING log_offset - {count} AS base
                )
                INSERT INTO conversation_log (conversation_id, "offset", "timestamp", message_id, task_status)
                SELECT {id}, head.base + said.place, said.at, said.message_id, said.task_status::json
                FROM head, unnest({timestamps}, {messages}, {statuses}) WITH ORDINALITY AS said (at, message_id, task_status, place)
                """,
                cancellationToken);
            if (written > 0)
            {
                await PostgresSignals.SendAsync(db, PostgresSignals.Conversations, id, cancellationToken);
            }
        }
    }

    /// <summary>Head of the channel; 0 where there is no such conversation.</summary>
    public async Task<long> ReadHeadAsync(string conversationId, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT log_offset FROM conversations WHERE conversation_id = $1");
        command.Parameters.AddWithValue(conversationId);
        return await command.ExecuteScalarAsync(cancellationToken) is long head ? head : 0;
    }

    /// <summary>What was said after an offset, in order, at most <paramref name="limit"/> and about 4 MB.</summary>
    public async Task<IReadOnlyList<ConversationLogEntry>> ReadAsync(string conversationId, long after, int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(
            """
            SELECT l."offset", l."timestamp", l.task_status, m.message_id, m.role, m.content, m.task_id, m.created_at, m.metadata
            FROM conversation_log l LEFT JOIN conversation_messages m ON m.message_id = l.message_id
            WHERE l.conversation_id = $1 AND l."offset" > $2 ORDER BY l."offset" LIMIT $3
            """);
        command.Parameters.AddWithValue(conversationId);
        command.Parameters.AddWithValue(after);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var entries = new List<ConversationLogEntry>();
        var length = 0L;
        while (length < MaxReadLength && await reader.ReadAsync(cancellationToken))
        {
            var message = reader.IsDBNull(3) ? null : ToMessage(conversationId, reader);
            length += message?.Content.Length ?? 0;
            entries.Add(new ConversationLogEntry(
                reader.GetInt64(0),
                new DateTimeOffset(reader.GetDateTime(1)),
                message,
                reader.IsDBNull(2) ? null : JsonSerializer.Deserialize(reader.GetString(2), OutboxJsonContext.Default.TaskStatusMessage)));
        }

        return entries;
    }

    private static MessageDetails ToMessage(string conversationId, NpgsqlDataReader row) => new()
    {
        MessageId = row.GetString(3),
        ConversationId = conversationId,
        Role = MessageRoles.TryParse(row.GetString(4), out var role) ? role : throw new FormatException($"'{row.GetString(4)}' is not a role."),
        Content = row.GetString(5),
        TaskId = row.IsDBNull(6) ? null : row.GetString(6),
        CreatedAt = new DateTimeOffset(row.GetDateTime(7)),
        Metadata = row.GetString(8),
    };

    /// <summary>Something that is said on the channel of a conversation: a message, or a task's status as JSON.</summary>
    internal sealed record Saying(string ConversationId, DateTimeOffset Timestamp, string? MessageId, string? TaskStatus);
}
