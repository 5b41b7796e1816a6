using Npgsql;

namespace GrooteDashboard.Performance.Load;

/// <summary>
/// Fills a migrated database with tasks as years of work leave them: a few agents and sources do most of it and some hardly any, most tasks have completed,
/// the newest still run. The same seed gives the same tasks.
/// </summary>
/// <param name="Count">How many tasks.</param>
/// <param name="OutputBytes">Length of each task's output, at most 4,000; 0 for none.</param>
/// <param name="Newest">When the last of them was created.</param>
/// <param name="Span">How long before it the first.</param>
internal sealed record TaskSeeder(long Count, int OutputBytes, DateTimeOffset Newest, TimeSpan Span)
{
    private const int BatchSize = 50_000;

    private const string Prepare =
        """
        SET synchronous_commit = off;
        SET statement_timeout = 0;
        SELECT setseed(0.5);
        INSERT INTO sessions (session_id, user_id, machine_id, connected_at, active)
        SELECT 'session-' || i, 'user-' || i % 500, 'seed', now(), true FROM generate_series(0, 999) AS i ON CONFLICT DO NOTHING;
        CREATE TEMP TABLE seed_texts AS
        SELECT i, (
            SELECT string_agg((ARRAY['running', 'tests', 'in', 'src/foo_bar.cs:12', 'error', 'warning', 'the', 'file', 'was', 'not', 'found', 'build', 'passed',
                'line', 'value', 'of', 'index', 'open', 'close', 'read'])[1 + floor(random() * 20)::int]
                || CASE WHEN random() < 0.1 THEN floor(random() * 5000)::int::text ELSE '' END, ' ')
            FROM generate_series(1, 700) WHERE i = i) AS text
        FROM generate_series(0, 1999) AS i;
        """;

    private const string Insert =
        """
        WITH drawn AS MATERIALIZED (
            SELECT n, $4::timestamptz - $5::interval * (1 - n::double precision / $3) AS created_at,
                random() AS by_status, random() AS by_agent, random() AS by_type, random() AS by_source, random() AS by_session,
                random() AS by_cost, random() AS by_duration, random() AS by_tokens, random() AS by_chance
            FROM generate_series($1::bigint, $2) AS n
        ), named AS (
            SELECT *,
                CASE WHEN n > $3 * 0.998 AND by_status < 0.8 THEN (ARRAY['running', 'queued', 'waiting_input'])[1 + floor(by_status * 3.75)::int]
                     WHEN by_status < 0.86 THEN 'completed' WHEN by_status < 0.95 THEN 'failed' ELSE 'cancelled' END AS status
            FROM drawn
        ), added AS (
            INSERT INTO tasks (task_id, session_id, user_id, status, assigned_agent, agent_type, source, created_at, started_at, completed_at, input_message,
                result, error, cost_usd, input_tokens, output_tokens, duration_seconds, source_metadata, conversation_id, flow_id, parent_task_id, version)
            SELECT 'task-' || lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19),
                'session-' || floor(by_session ^ 2 * 1000)::int,
                'user-' || floor(by_session ^ 2 * 1000)::int % 500,
                status,
                CASE WHEN by_agent > 0.9995 THEN 'auditor' ELSE (ARRAY['brain', 'executor', 'planning', 'reviewer', 'tester', 'writer', 'jira', 'github',
                    'slack', 'indexer', 'triage'])[1 + floor(by_agent ^ 2 * 11)::int] END,
                (ARRAY['webhook', 'planning', 'executor', 'custom', 'review', 'chat'])[1 + floor(by_type ^ 2 * 6)::int],
                CASE WHEN by_source > 0.999 THEN 'sentry' ELSE (ARRAY['dashboard', 'github', 'jira', 'slack'])[1 + floor(by_source ^ 1.5 * 4)::int] END,
                created_at,
                CASE WHEN status <> 'queued' THEN created_at + interval '1 s' * (by_chance * 5) END,
                CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN created_at + interval '1 s' * (by_chance * 5 - ln(1 - by_duration) * 60) END,
                'Task ' || n || ': ' || (ARRAY['fix the failing test in src/api/handlers.py', 'review the pull request and comment',
                    'find why the nightly build is slow', 'write the release notes for this week', 'answer the question of the customer'])[1 + floor(by_chance * 5)::int],
                CASE WHEN status = 'completed' THEN 'Done in ' || round((by_duration * 100)::numeric) || ' steps' END,
                CASE WHEN status = 'failed' THEN 'The process ended with code ' || floor(by_chance * 9 + 1)::int END,
                CASE WHEN status IN ('completed', 'failed') THEN round((-ln(1 - by_cost) * 0.08)::numeric, 6) END,
                CASE WHEN status IN ('completed', 'failed') THEN floor(by_tokens * 40000)::bigint END,
                CASE WHEN status IN ('completed', 'failed') THEN floor(by_tokens * 4000)::bigint END,
                CASE WHEN status IN ('completed', 'failed') AND by_chance < 0.8 THEN round((-ln(1 - by_duration) * 60)::numeric, 3)::double precision END,
                '{}',
                CASE WHEN by_type < 0.4 THEN 'conv-' || n / 8 END,
                CASE WHEN by_source BETWEEN 0.3 AND 0.5 THEN 'github:owner/repo#' || n / 5 END,
                CASE WHEN by_chance < 0.05 THEN 'task-parent-' || n / 100 END,
                3
            FROM named
            RETURNING task_id, created_at
        )
        INSERT INTO task_log (task_id, "offset", "timestamp", kind, output)
        SELECT task_id, 1, created_at, 'output', left(seed_texts.text, $6)
        FROM (SELECT task_id, created_at, row_number() OVER () AS n FROM added) AS task
        JOIN seed_texts ON $6 > 0 AND seed_texts.i = task.n % 2000
        ORDER BY task_id
        """;

    public async Task SeedAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var prepare = new NpgsqlCommand(Prepare, connection))
        {
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        for (var first = 1L; first <= Count; first += BatchSize)
        {
            await using var insert = new NpgsqlCommand(Insert, connection) { CommandTimeout = 0 };
            insert.Parameters.AddWithValue(first);
            insert.Parameters.AddWithValue(Math.Min(first + BatchSize - 1, Count));
            insert.Parameters.AddWithValue(Count);
            insert.Parameters.AddWithValue(Newest);
            insert.Parameters.AddWithValue(Span);
            insert.Parameters.AddWithValue(OutputBytes);
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var settle = new NpgsqlCommand("VACUUM (ANALYZE) tasks, task_log", connection) { CommandTimeout = 0 };
        await settle.ExecuteNonQueryAsync(cancellationToken);
    }
}
