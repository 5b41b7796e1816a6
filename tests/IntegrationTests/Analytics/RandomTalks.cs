using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Analytics;

/// <summary>Writers that open and close sessions, and make, change and delete conversations, all at once. By SQL, so that they can be of any age.</summary>
internal sealed class RandomTalks(TestDatabase database, DateTimeOffset from, DateTimeOffset to, int seed)
{
    private const string AnySession = "session_id = (SELECT session_id FROM sessions WHERE session_id LIKE 'r-%' ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)";
    private const string AnyConversation = "conversation_id = (SELECT conversation_id FROM conversations ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)";

    private int _round;

    public async Task WriteAsync(int writers, int operations)
    {
        _round++;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => WriteAsync(new Random(HashCode.Combine(seed, _round, writer)), operations)));
    }

    private async Task WriteAsync(Random random, int operations)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        for (var i = 0; i < operations; i++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand(Next(random.Next(100)), connection);
            command.Parameters.AddWithValue($"r-{Guid.NewGuid():N}");
            command.Parameters.AddWithValue(from + ((to - from) * random.NextDouble()));
            command.Parameters.AddWithValue(random.NextDouble());
            await command.ExecuteNonQueryAsync();
            await (random.Next(10) == 0 ? transaction.RollbackAsync() : transaction.CommitAsync());
        }
    }

    /// <summary>$1: a new id; $2: a time; $3: 0 to 1. Each statement has all of them.</summary>
    private static string Next(int kind) => kind switch
    {
        < 20 => "INSERT INTO sessions SELECT $1, 'ann', 'm', $2, NULL, true WHERE $3 >= 0",
        < 35 => $"UPDATE sessions SET active = false, disconnected_at = connected_at + interval '1 second' * exp($3 * 12) WHERE $1 <> '' AND $2 IS NOT NULL AND {AnySession}",
        < 38 => $"UPDATE sessions SET active = true WHERE $1 <> '' AND $2 IS NOT NULL AND $3 >= 0 AND {AnySession}",
        < 42 => $"DELETE FROM sessions WHERE $1 <> '' AND $2 IS NOT NULL AND $3 >= 0 AND {AnySession}",
        < 62 => """
            INSERT INTO conversations (conversation_id, user_id, title, created_at, updated_at, is_archived, metadata, message_count, last_message_number, total_cost_usd, total_tasks,
                total_duration_seconds, log_offset)
            SELECT $1, 'ann', 'About ' || $1, $2, $2, false, '{}', 0, 0, 0, 0, 0, 0 WHERE $3 >= 0
            """,
        < 80 => $"""
            UPDATE conversations SET started_at = coalesce(started_at, $2), total_tasks = total_tasks + 1, total_cost_usd = total_cost_usd + round($3::numeric, 4),
                total_duration_seconds = round((total_duration_seconds + $3 * 900)::numeric, 3) WHERE $1 <> '' AND {AnyConversation}
            """,
        < 88 => $"UPDATE conversations SET total_cost_usd = round($3::numeric * 5, 4), completed_at = $2 WHERE $1 <> '' AND {AnyConversation}",
        < 94 => $"UPDATE conversations SET title = $1 WHERE $2 IS NOT NULL AND $3 >= 0 AND {AnyConversation}",
        < 96 => $"UPDATE conversations SET started_at = $2 WHERE $1 <> '' AND $3 >= 0 AND {AnyConversation}",
        _ => $"DELETE FROM conversations WHERE $1 <> '' AND $2 IS NOT NULL AND $3 >= 0 AND {AnyConversation}",
    };
}
