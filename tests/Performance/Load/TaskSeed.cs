using System.Globalization;
using GrooteDashboard.Performance.Measuring;

namespace GrooteDashboard.Performance.Load;

/// <summary>Tasks of two years: 12 agents, 6 types, 5 sources, 8 models, 500 users of whom some are busier than others.</summary>
internal static class TaskSeed
{
    private const int Chunk = 500_000;

    private const string InsertSql =
        """
        INSERT INTO tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, model, created_at, started_at, completed_at, input_message,
            final_output, cost_usd, input_tokens, output_tokens, duration_seconds, source_metadata, version)
        SELECT 'seed-' || lpad(i::text, 10, '0'), 'unregistered', 'user-' || floor(500 * r1 * r1)::int,
            CASE WHEN r2 < 0.90 THEN 'completed' WHEN r2 < 0.97 THEN 'failed' ELSE 'cancelled' END,
            'agent-' || floor(12 * r3)::int, 'type-' || floor(6 * r4)::int, 'source-' || floor(5 * r5)::int, 'model-' || floor(8 * r6)::int,
            created_at, created_at + interval '1 second' * exp(1.5 * r7), created_at + interval '1 second' * (exp(1.5 * r7) + exp(1 + 6 * r8 * r8)),
            'Do it', 'Done.', round((exp(6 * r9 * r9) / 200)::numeric, 6), floor(40000 * r9)::bigint, floor(4000 * r8)::bigint,
            CASE WHEN r7 < 0.9 THEN exp(1 + 6 * r8 * r8) END, '{}', 4
        FROM (
            SELECT i, now() - interval '730 days' + (i::float8 / $1) * interval '730 days' AS created_at,
                random() r1, random() r2, random() r3, random() r4, random() r5, random() r6, random() r7, random() r8, random() r9
            FROM generate_series($2::bigint, $3::bigint) AS i) AS t
        """;

    /// <summary>Fills an empty, migrated database. Triggers and secondary indexes are off meanwhile: the rollups are to be rebuilt.</summary>
    public static async Task WriteAsync(PerformanceDatabase database, long tasks, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using (var prepare = connection.CreateCommand())
        {
            prepare.CommandText =
                """
                SET statement_timeout = 0;
                CREATE TEMP TABLE kept AS SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tasks' AND schemaname = 'public' AND indexname <> 'tasks_pkey';
                DO $do$ DECLARE name text; BEGIN FOR name IN SELECT indexname FROM kept LOOP EXECUTE format('DROP INDEX %I', name); END LOOP; END $do$;
                ALTER TABLE tasks DISABLE TRIGGER USER;
                ALTER TABLE tasks DROP CONSTRAINT tasks_session_id_fkey;
                """;
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        for (var first = 1L; first <= tasks; first += Chunk)
        {
            await using var insert = connection.CreateCommand();
            insert.CommandText = InsertSql;
            insert.CommandTimeout = 0;
            insert.Parameters.AddWithValue((double)tasks);
            insert.Parameters.AddWithValue(first);
            insert.Parameters.AddWithValue(Math.Min(first + Chunk - 1, tasks));
            await insert.ExecuteNonQueryAsync(cancellationToken);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Math.Min(first + Chunk - 1, tasks):N0} tasks"));
        }

        await using var finish = connection.CreateCommand();
        finish.CommandTimeout = 0;
        finish.CommandText =
            """
            DO $do$ DECLARE definition text; BEGIN FOR definition IN SELECT indexdef FROM kept LOOP EXECUTE definition; END LOOP; END $do$;
            ALTER TABLE tasks ADD CONSTRAINT tasks_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (session_id);
            ALTER TABLE tasks ENABLE TRIGGER USER;
            """;
        await finish.ExecuteNonQueryAsync(cancellationToken);
        finish.CommandText = "VACUUM (ANALYZE) tasks";
        await finish.ExecuteNonQueryAsync(cancellationToken);
    }
}
