using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Analytics;

/// <summary>
/// Writers that do to tasks, all at once, whatever can be done to them: create, start, complete (late, too), correct, repeat, delete, undo. By SQL, so that tasks can be
/// of any age.
/// </summary>
internal sealed class RandomTasks(TestDatabase database, DateTimeOffset from, DateTimeOffset to, int seed)
{
    private static readonly string?[] Agents = ["brain", "executor", "planner", null];
    private static readonly string[] Types = ["webhook", "chat"];
    private static readonly string[] Sources = ["github", "jira", "dashboard"];
    private static readonly string?[] Models = ["large", "small", null];
    private static readonly string[] Users = ["ann", "bob", "cleo", "dan"];

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
            // Some changes are taken back, some belong together.
            await using var transaction = await connection.BeginTransactionAsync();
            for (var change = random.Next(3); change >= 0; change--)
            {
                await using var command = Next(random);
                command.Connection = connection;
                await command.ExecuteNonQueryAsync();
            }

            if (random.Next(10) == 0)
            {
                await transaction.RollbackAsync();
            }
            else
            {
                await transaction.CommitAsync();
            }
        }
    }

    private NpgsqlCommand Next(Random random)
    {
        var kind = random.Next(100);
        if (kind < 35)
        {
            return Insert(random);
        }

        var change = kind switch
        {
            < 50 => "status = 'running', started_at = coalesce(started_at, created_at + random() * interval '5 minutes')",
            < 70 => """
                status = (ARRAY['completed', 'completed', 'completed', 'failed', 'cancelled'])[1 + floor(random() * 5)::int], completed_at = coalesce(completed_at, created_at + interval '5 minutes' + random() * interval '3 hours'),
                cost_usd = round((random() * 3)::numeric, 4), input_tokens = floor(random() * 100000)::bigint, output_tokens = floor(random() * 9000)::bigint,
                duration_seconds = CASE WHEN random() < 0.7 THEN exp(random() * 9) END
                """,
            < 78 => "cost_usd = round((random() * 3)::numeric, 6)",
            < 84 => "version = version + 1",
            < 90 => "model = (ARRAY['large', 'small', 'new', NULL])[1 + floor(random() * 4)::int], assigned_agent = (ARRAY['brain', 'executor', NULL])[1 + floor(random() * 3)::int]",
            < 94 => "(created_at, started_at, completed_at) = (SELECT created_at + by, started_at + by, completed_at + by FROM (SELECT -random() * interval '2 days') AS moved (by))",
            _ => null,
        };
        // Among the rest a few of which nobody else has hold: writers that lock several in any order must not lock each other out.
        const string chosen = "task_id IN (SELECT task_id FROM tasks WHERE source_metadata = '{}' ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)";
        return new NpgsqlCommand(change is null ? $"DELETE FROM tasks WHERE {chosen}" : $"UPDATE tasks SET {change} WHERE {chosen}");
    }

    private NpgsqlCommand Insert(Random random)
    {
        var command = new NpgsqlCommand(
            """
            INSERT INTO tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, model, created_at, input_message, source_metadata, version)
            VALUES ($1, 'unregistered', $2, 'queued', $3, $4, $5, $6, $7, '', '{}', 1)
            """);
        command.Parameters.AddWithValue($"r-{Guid.NewGuid():N}");
        command.Parameters.AddWithValue(Pick(Users)!);
        command.Parameters.AddWithValue(NpgsqlTypes.NpgsqlDbType.Text, (object?)Pick(Agents) ?? DBNull.Value);
        command.Parameters.AddWithValue(Pick(Types)!);
        command.Parameters.AddWithValue(Pick(Sources)!);
        command.Parameters.AddWithValue(NpgsqlTypes.NpgsqlDbType.Text, (object?)Pick(Models) ?? DBNull.Value);
        command.Parameters.AddWithValue(from + ((to - from) * random.NextDouble()));
        return command;

        string? Pick(string?[] values) => values[random.Next(values.Length)];
    }
}
