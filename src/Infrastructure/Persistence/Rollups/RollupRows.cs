using GrooteDashboard.Domain.Analytics;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>Reads and writes rows of task_rollups and task_totals.</summary>
internal static class RollupRows
{
    public const string Keys = "dimension, level, bucket, value, value2";

    public const string Sums =
        """
        tasks, queued, running, waiting_input, completed, failed, cancelled, cost_usd, input_tokens, output_tokens, duration_count, duration_seconds,
        turnaround_count, turnaround_seconds, queue_count, queue_seconds
        """;

    public const string Histograms = "durations, queue_times, costs";

    /// <summary>How many columns <see cref="Sums"/> has.</summary>
    public const int SumColumns = 16;

    private const string KeysAreGiven = "unnest($1::smallint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[])";

    private const string LoadSql =
        $"""
        SELECT {Keys}, {Sums}, {Histograms} FROM {KeysAreGiven} AS key ({Keys}) JOIN task_rollups USING ({Keys})
        """;

    private const string DeleteSql =
        $"""
        DELETE FROM task_rollups r USING {KeysAreGiven} AS key (dimension, level, bucket, value, value2)
        WHERE (r.dimension, r.level, r.bucket, r.value, r.value2) = (key.dimension, key.level, key.bucket, key.value, key.value2)
        """;

    private const string SaveSql =
        $"""
        INSERT INTO task_rollups ({Keys}, {Sums}, {Histograms})
        SELECT * FROM unnest(
            $1::smallint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
            $11::bigint[], $12::bigint[], $13::numeric[], $14::numeric[], $15::numeric[], $16::bigint[], $17::numeric[], $18::bigint[], $19::numeric[],
            $20::bigint[], $21::numeric[], $22::bytea[], $23::bytea[], $24::bytea[])
        ON CONFLICT ({Keys}) DO UPDATE SET ({Sums}, {Histograms}) = (
            EXCLUDED.tasks, EXCLUDED.queued, EXCLUDED.running, EXCLUDED.waiting_input, EXCLUDED.completed, EXCLUDED.failed, EXCLUDED.cancelled,
            EXCLUDED.cost_usd, EXCLUDED.input_tokens, EXCLUDED.output_tokens, EXCLUDED.duration_count, EXCLUDED.duration_seconds,
            EXCLUDED.turnaround_count, EXCLUDED.turnaround_seconds, EXCLUDED.queue_count, EXCLUDED.queue_seconds,
            EXCLUDED.durations, EXCLUDED.queue_times, EXCLUDED.costs)
        """;

    private const string AddTotalsSql =
        """
        INSERT INTO task_totals AS t
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::numeric[], $8::numeric[], $9::numeric[])
        ON CONFLICT (assigned_agent, agent_type, source, model, status) DO UPDATE SET
            tasks = t.tasks + EXCLUDED.tasks, cost_usd = t.cost_usd + EXCLUDED.cost_usd,
            input_tokens = t.input_tokens + EXCLUDED.input_tokens, output_tokens = t.output_tokens + EXCLUDED.output_tokens
        """;

    /// <summary>Few combinations of values are used: the table is small enough to be looked through.</summary>
    private const string DeleteEmptyTotalsSql = "DELETE FROM task_totals WHERE tasks = 0 AND cost_usd = 0 AND input_tokens = 0 AND output_tokens = 0";

    public static TaskSums ReadSums(NpgsqlDataReader reader, int first) => new(
        reader.GetInt64(first),
        reader.GetInt64(first + 1),
        reader.GetInt64(first + 2),
        reader.GetInt64(first + 3),
        reader.GetInt64(first + 4),
        reader.GetInt64(first + 5),
        reader.GetInt64(first + 6),
        reader.GetDecimal(first + 7),
        reader.GetDecimal(first + 8),
        reader.GetDecimal(first + 9),
        reader.GetInt64(first + 10),
        reader.GetDecimal(first + 11),
        reader.GetInt64(first + 12),
        reader.GetDecimal(first + 13),
        reader.GetInt64(first + 14),
        reader.GetDecimal(first + 15));

    public static void AddHistograms(NpgsqlDataReader reader, int first, TaskMeasures into, int sign = 1)
    {
        into.Durations!.Add(reader.GetFieldValue<byte[]>(first), sign);
        into.QueueTimes!.Add(reader.GetFieldValue<byte[]>(first + 1), sign);
        into.Costs!.Add(reader.GetFieldValue<byte[]>(first + 2), sign);
    }

    /// <summary>Adds what the rows of these keys hold already.</summary>
    public static async Task AddStoredAsync(NpgsqlConnection connection, Dictionary<RollupKey, TaskMeasures> rollups, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LoadSql, connection);
        AddKeys(command, [.. rollups.Keys]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var measures = rollups[ReadKey(reader)];
            measures.Add(ReadSums(reader, 5));
            AddHistograms(reader, 5 + SumColumns, measures);
        }
    }

    /// <summary>The rows are as given; what holds nothing has no row.</summary>
    public static async Task SaveAsync(NpgsqlConnection connection, Dictionary<RollupKey, TaskMeasures> rollups, CancellationToken cancellationToken)
    {
        var empty = rollups.Where(cell => cell.Value.IsEmpty).Select(cell => cell.Key).ToArray();
        if (empty.Length > 0)
        {
            await using var delete = new NpgsqlCommand(DeleteSql, connection);
            AddKeys(delete, empty);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        var cells = rollups.Where(cell => !cell.Value.IsEmpty).ToArray();
        await using var save = new NpgsqlCommand(SaveSql, connection);
        AddKeys(save, [.. cells.Select(cell => cell.Key)]);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Tasks);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Queued);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Running);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.WaitingInput);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Completed);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Failed);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.Cancelled);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.CostUsd);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.InputTokens);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.OutputTokens);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.DurationCount);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.DurationSeconds);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.TurnaroundCount);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.TurnaroundSeconds);
        Add(save, NpgsqlDbType.Bigint, cells, sums => sums.QueueCount);
        Add(save, NpgsqlDbType.Numeric, cells, sums => sums.QueueSeconds);
        AddBytes(save, cells, measures => measures.Durations!);
        AddBytes(save, cells, measures => measures.QueueTimes!);
        AddBytes(save, cells, measures => measures.Costs!);
        await save.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes rows that are known not to be there yet.</summary>
    public static async Task CopyAsync(NpgsqlConnection connection, Dictionary<RollupKey, TaskMeasures> rollups, CancellationToken cancellationToken)
    {
        await using var writer = await connection.BeginBinaryImportAsync($"COPY task_rollups ({Keys}, {Sums}, {Histograms}) FROM STDIN (FORMAT binary)", cancellationToken);
        foreach (var (key, measures) in rollups.Where(cell => !cell.Value.IsEmpty))
        {
            await writer.StartRowAsync(cancellationToken);
            await writer.WriteAsync(key.Dimension, NpgsqlDbType.Smallint, cancellationToken);
            await writer.WriteAsync((short)key.Level, NpgsqlDbType.Smallint, cancellationToken);
            await writer.WriteAsync(key.Bucket, NpgsqlDbType.TimestampTz, cancellationToken);
            await writer.WriteAsync(key.Value, NpgsqlDbType.Text, cancellationToken);
            await writer.WriteAsync(key.Value2, NpgsqlDbType.Text, cancellationToken);
            var sums = measures.Sums;
            foreach (var count in (ReadOnlySpan<long>)[sums.Tasks, sums.Queued, sums.Running, sums.WaitingInput, sums.Completed, sums.Failed, sums.Cancelled])
            {
                writer.Write(count, NpgsqlDbType.Bigint);
            }

            foreach (var sum in (ReadOnlySpan<decimal>)[sums.CostUsd, sums.InputTokens, sums.OutputTokens])
            {
                writer.Write(sum, NpgsqlDbType.Numeric);
            }

            foreach (var (count, sum) in (ReadOnlySpan<(long, decimal)>)
                [(sums.DurationCount, sums.DurationSeconds), (sums.TurnaroundCount, sums.TurnaroundSeconds), (sums.QueueCount, sums.QueueSeconds)])
            {
                writer.Write(count, NpgsqlDbType.Bigint);
                writer.Write(sum, NpgsqlDbType.Numeric);
            }

            foreach (var histogram in (ReadOnlySpan<LogHistogram>)[measures.Durations!, measures.QueueTimes!, measures.Costs!])
            {
                writer.Write(histogram.ToBytes(), NpgsqlDbType.Bytea);
            }
        }

        await writer.CompleteAsync(cancellationToken);
    }

    public static async Task AddTotalsAsync(NpgsqlConnection connection, Dictionary<TotalsKey, TaskSums> totals, CancellationToken cancellationToken)
    {
        var cells = totals.Where(cell => cell.Value != default).ToArray();
        if (cells.Length == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(AddTotalsSql, connection);
        AddArray(command, NpgsqlDbType.Text, cells.Select(cell => cell.Key.Agent));
        AddArray(command, NpgsqlDbType.Text, cells.Select(cell => cell.Key.AgentType));
        AddArray(command, NpgsqlDbType.Text, cells.Select(cell => cell.Key.Source));
        AddArray(command, NpgsqlDbType.Text, cells.Select(cell => cell.Key.Model));
        AddArray(command, NpgsqlDbType.Text, cells.Select(cell => cell.Key.Status));
        AddArray(command, NpgsqlDbType.Bigint, cells.Select(cell => cell.Value.Tasks));
        AddArray(command, NpgsqlDbType.Numeric, cells.Select(cell => cell.Value.CostUsd));
        AddArray(command, NpgsqlDbType.Numeric, cells.Select(cell => cell.Value.InputTokens));
        AddArray(command, NpgsqlDbType.Numeric, cells.Select(cell => cell.Value.OutputTokens));
        await command.ExecuteNonQueryAsync(cancellationToken);
        if (cells.Any(cell => cell.Value.Tasks < 0))
        {
            await using var delete = new NpgsqlCommand(DeleteEmptyTotalsSql, connection);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public static RollupKey ReadKey(NpgsqlDataReader reader) => new(
        reader.GetInt16(0), (RollupLevel)reader.GetInt16(1), reader.GetDateTime(2), reader.GetString(3), reader.GetString(4));

    private static void AddKeys(NpgsqlCommand command, RollupKey[] keys)
    {
        AddArray(command, NpgsqlDbType.Smallint, keys.Select(key => key.Dimension));
        AddArray(command, NpgsqlDbType.Smallint, keys.Select(key => (short)key.Level));
        AddArray(command, NpgsqlDbType.TimestampTz, keys.Select(key => key.Bucket));
        AddArray(command, NpgsqlDbType.Text, keys.Select(key => key.Value));
        AddArray(command, NpgsqlDbType.Text, keys.Select(key => key.Value2));
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, KeyValuePair<RollupKey, TaskMeasures>[] cells, Func<TaskSums, T> sum) =>
        AddArray(command, type, cells.Select(cell => sum(cell.Value.Sums)));

    private static void AddBytes(NpgsqlCommand command, KeyValuePair<RollupKey, TaskMeasures>[] cells, Func<TaskMeasures, LogHistogram> histogram) =>
        AddArray(command, NpgsqlDbType.Bytea, cells.Select(cell => histogram(cell.Value).ToBytes()));

    private static void AddArray<T>(NpgsqlCommand command, NpgsqlDbType type, IEnumerable<T> values) =>
        command.Parameters.Add(new NpgsqlParameter { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
}
