using System.Data;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Analytics;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>
/// Counts the tasks themselves again, day by day, while everything goes on: to compare the rollups with, or to put in their place. Folding waits meanwhile, a day at a time.
/// </summary>
internal sealed class RollupRebuilder(NpgsqlDataSource source) : IRollupMaintenance
{
    private const int MaxExamples = 20;

    /// <summary>A day of very many tasks.</summary>
    private const int TimeoutSeconds = 600;

    /// <summary>Days that are counted at once.</summary>
    private const int Workers = 2;

    /// <summary>An advisory lock. Any number, the same in every process.</summary>
    private const long RebuildLock = 0x67726f6f7465_0e;

    /// <summary>Level 3 is a day.</summary>
    private const string DaysSql =
        """
        SELECT least((SELECT min(created_at) FROM tasks), (SELECT min(bucket) FROM task_rollups WHERE level <= 3), (SELECT min(created_at) FROM task_deltas)),
               greatest((SELECT max(created_at) FROM tasks), (SELECT max(bucket) FROM task_rollups WHERE level <= 3), (SELECT max(created_at) FROM task_deltas))
        """;

    private static readonly RollupLevel[] DayLevels = [RollupLevel.QuarterHour, RollupLevel.Hour, RollupLevel.QuarterDay, RollupLevel.Day];
    private static readonly RollupLevel[] MonthLevels = [RollupLevel.QuarterMonth, RollupLevel.Month];

    /// <summary>As the key begins.</summary>
    private const string WithinSql = "dimension = ANY ($1) AND level = ANY ($2) AND bucket >= $3 AND bucket < $4";

    public Task<RollupReport> CheckAsync(CancellationToken cancellationToken) => RunAsync(rebuild: false, cancellationToken);

    public Task<RollupReport> RebuildAsync(CancellationToken cancellationToken) => RunAsync(rebuild: true, cancellationToken);

    private async Task<RollupReport> RunAsync(bool rebuild, CancellationToken cancellationToken)
    {
        await using var alone = rebuild ? await ConnectAsync(cancellationToken) : null;
        if (alone is not null)
        {
            // Two rebuilds at once would write the same rows. The lock ends with the session.
            await ExecuteAsync(alone, "SELECT pg_advisory_lock($1)", cancellationToken, RebuildLock);
        }

        try
        {
            var findings = new Findings();
            await InSnapshotAsync(connection => CountTotalsAsync(connection, rebuild, findings, cancellationToken), cancellationToken);
            if (await ReadDaysAsync(cancellationToken) is var (first, last))
            {
                for (var month = RollupLevel.Month.Floor(first); month <= last; month = month.AddMonths(1))
                {
                    var begin = month > first ? month : first;
                    var end = month.AddMonths(1) <= last ? month.AddMonths(1) : last.AddDays(1);
                    await Parallel.ForEachAsync(
                        Enumerable.Range(0, (end - begin).Days).Select(i => begin.AddDays(i)),
                        new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = cancellationToken },
                        async (day, cancel) => await InSnapshotAsync(connection => CountDayAsync(connection, day, rebuild, findings, cancel), cancel));
                    await InSnapshotAsync(connection => CountMonthAsync(connection, month, rebuild, findings, cancellationToken), cancellationToken);
                }
            }

            return new RollupReport(findings.Tasks, findings.Rows, findings.Wrong, findings.Examples, rebuild);
        }
        finally
        {
            if (alone is not null)
            {
                await ExecuteAsync(alone, "SELECT pg_advisory_unlock($1)", CancellationToken.None, RebuildLock);
            }
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        // The time limit of requests is not for this, nor for waiting until somebody has folded. What a crash takes away is rebuilt again. Both come back with the
        // connection's return to the pool.
        await ExecuteAsync(connection, "SET statement_timeout = 0; SET synchronous_commit = off", cancellationToken);
        return connection;
    }

    private async Task<(DateTime First, DateTime Last)?> ReadDaysAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var command = new NpgsqlCommand(DaysSql, connection) { CommandTimeout = TimeoutSeconds };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.IsDBNull(0) ? null : (reader.GetDateTime(0).Date, reader.GetDateTime(1).Date);
    }

    /// <summary>
    /// Nobody folds meanwhile, but others may count other days: the lock is shared. It is taken before the snapshot: a snapshot from before somebody else's fold
    /// would not have what that one wrote.
    /// </summary>
    private async Task InSnapshotAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT pg_advisory_lock_shared($1)", cancellationToken, RollupStore.WriterLock);
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await work(connection);
            await transaction.CommitAsync(cancellationToken);
        }
        finally
        {
            // Whatever happened, and even when it was cancelled: a connection goes back to the pool with the locks that it holds.
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock_shared($1)", CancellationToken.None, RollupStore.WriterLock);
        }
    }

    private static async Task CountDayAsync(NpgsqlConnection connection, DateTime day, bool rebuild, Findings findings, CancellationToken cancellationToken)
    {
        var counted = new RollupBatch();
        findings.Count(await AddAsync(connection, counted, $"SELECT 1::smallint, {TaskFactsColumns.List} FROM tasks", 1, day, cancellationToken));
        // What is not folded yet is not in the rollups.
        await AddAsync(connection, counted, $"SELECT sign, {TaskFactsColumns.List} FROM task_deltas", -1, day, cancellationToken);
        counted.RollUp(RollupLevel.Day);
        await PutAsync(connection, counted.Rollups, day, day.AddDays(1), DayLevels, rebuild, findings, cancellationToken);
    }

    /// <summary>A month is the sum of its days, and so are its parts.</summary>
    private static async Task CountMonthAsync(NpgsqlConnection connection, DateTime month, bool rebuild, Findings findings, CancellationToken cancellationToken)
    {
        var days = await LoadAsync(connection, month, month.AddMonths(1), [RollupLevel.Day], cancellationToken);
        var counted = new RollupBatch(days);
        counted.RollUp(RollupLevel.Month);
        var parts = counted.Rollups.Where(cell => cell.Key.Level > RollupLevel.Day).ToDictionary();
        await PutAsync(connection, parts, month, month.AddMonths(1), MonthLevels, rebuild, findings, cancellationToken);
    }

    private static async Task PutAsync(
        NpgsqlConnection connection,
        Dictionary<RollupKey, TaskMeasures> counted,
        DateTime from,
        DateTime to,
        RollupLevel[] levels,
        bool rebuild,
        Findings findings,
        CancellationToken cancellationToken)
    {
        if (!rebuild)
        {
            findings.Compare(counted, await LoadAsync(connection, from, to, levels, cancellationToken));
            return;
        }

        await using (var delete = new NpgsqlCommand($"DELETE FROM task_rollups WHERE {WithinSql}", connection) { CommandTimeout = TimeoutSeconds })
        {
            AddWithin(delete, from, to, levels);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        await RollupRows.CopyAsync(connection, counted, cancellationToken);
        findings.Write(counted.Count(cell => !cell.Value.IsEmpty));
    }

    private static async Task CountTotalsAsync(NpgsqlConnection connection, bool rebuild, Findings findings, CancellationToken cancellationToken)
    {
        // The names are cut as TaskFactsColumns cuts them, but for characters outside of the basic plane, which nobody has in names so long.
        const string counted =
            """
            SELECT left(coalesce(assigned_agent, ''), 255) AS assigned_agent, left(agent_type, 255) AS agent_type, left(source, 255) AS source,
                left(coalesce(model, ''), 255) AS model, status, sum(sign)::bigint AS tasks, coalesce(sum(sign * round(cost_usd, 12)), 0) AS cost_usd,
                coalesce(sum(sign * input_tokens), 0) AS input_tokens, coalesce(sum(sign * output_tokens), 0) AS output_tokens
            FROM (
                SELECT 1 AS sign, assigned_agent, agent_type, source, model, status, cost_usd, input_tokens, output_tokens FROM tasks
                UNION ALL
                SELECT -sign, assigned_agent, agent_type, source, model, status, cost_usd, input_tokens, output_tokens FROM task_deltas) AS part
            GROUP BY 1, 2, 3, 4, 5
            """;
        if (rebuild)
        {
            await ExecuteAsync(connection, "DELETE FROM task_totals", cancellationToken);
            await ExecuteAsync(connection, $"INSERT INTO task_totals SELECT * FROM ({counted}) AS c WHERE (tasks, cost_usd, input_tokens, output_tokens) <> (0, 0, 0, 0)", cancellationToken);
            return;
        }

        await using var command = new NpgsqlCommand(
            $"""
            SELECT count(*) FROM ({counted}) AS c FULL JOIN task_totals t USING (assigned_agent, agent_type, source, model, status)
            WHERE (coalesce(c.tasks, 0), coalesce(c.cost_usd, 0), coalesce(c.input_tokens, 0), coalesce(c.output_tokens, 0))
                <> (coalesce(t.tasks, 0), coalesce(t.cost_usd, 0), coalesce(t.input_tokens, 0), coalesce(t.output_tokens, 0))
            """,
            connection) { CommandTimeout = TimeoutSeconds };
        if ((long)(await command.ExecuteScalarAsync(cancellationToken))! is var wrong and > 0)
        {
            findings.Add((int)wrong, $"task_totals: {wrong} rows");
        }
    }

    private static async Task<long> AddAsync(NpgsqlConnection connection, RollupBatch batch, string select, int sign, DateTime day, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{select} WHERE created_at >= $1 AND created_at < $2", connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.AddWithValue(day);
        command.Parameters.AddWithValue(day.AddDays(1));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            rows++;
            batch.Add(TaskFactsColumns.Read(reader, 1), sign * reader.GetInt16(0));
        }

        return rows;
    }

    private static async Task<Dictionary<RollupKey, TaskMeasures>> LoadAsync(
        NpgsqlConnection connection, DateTime from, DateTime to, RollupLevel[] levels, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {RollupRows.Keys}, {RollupRows.Sums}, {RollupRows.Histograms} FROM task_rollups WHERE {WithinSql}", connection)
        {
            CommandTimeout = TimeoutSeconds,
        };
        AddWithin(command, from, to, levels);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new Dictionary<RollupKey, TaskMeasures>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var measures = new TaskMeasures(withHistograms: true);
            measures.Add(RollupRows.ReadSums(reader, 5));
            RollupRows.AddHistograms(reader, 5 + RollupRows.SumColumns, measures);
            rows.Add(RollupRows.ReadKey(reader), measures);
        }

        return rows;
    }

    private static void AddWithin(NpgsqlCommand command, DateTime from, DateTime to, RollupLevel[] levels)
    {
        command.Parameters.AddWithValue(RollupDimension.Every.Select(dimension => dimension.Code).ToArray());
        command.Parameters.AddWithValue(levels.Select(level => (short)level).ToArray());
        command.Parameters.AddWithValue(from);
        command.Parameters.AddWithValue(to);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Of several days at once.</summary>
    private sealed class Findings
    {
        private readonly Lock _lock = new();
        private readonly List<string> _examples = [];
        private long _tasks;
        private long _rows;

        public long Tasks => _tasks;

        public long Rows => _rows;

        public int Wrong { get; private set; }

        public IReadOnlyList<string> Examples => _examples;

        public void Count(long tasks) => Interlocked.Add(ref _tasks, tasks);

        public void Write(int rows) => Interlocked.Add(ref _rows, rows);

        public void Add(int count, string what)
        {
            lock (_lock)
            {
                Wrong += count;
                if (_examples.Count < MaxExamples)
                {
                    _examples.Add(what);
                }
            }
        }

        public void Compare(Dictionary<RollupKey, TaskMeasures> expected, Dictionary<RollupKey, TaskMeasures> actual)
        {
            Write(actual.Count);
            var nothing = new TaskMeasures(withHistograms: true);
            foreach (var key in expected.Keys.Union(actual.Keys))
            {
                var (one, other) = (expected.GetValueOrDefault(key, nothing), actual.GetValueOrDefault(key, nothing));
                if (!one.IsSameAs(other))
                {
                    Add(1, $"{key.Level} {key.Bucket:yyyy-MM-dd HH:mm}, dimension {key.Dimension}, '{key.Value}' '{key.Value2}': {other.Sums.Tasks} tasks, {other.Sums.CostUsd} USD instead of {one.Sums.Tasks}, {one.Sums.CostUsd}");
                }
            }
        }
    }
}
