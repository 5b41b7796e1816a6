using System.Text;
using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Domain.Analytics;
using GrooteDashboard.Infrastructure.Persistence.Rollups;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

/// <summary>
/// Adds up, in one snapshot, the rollups that fill the range, the tasks at its edges that no rollup covers, and the changes that are not folded yet.
/// </summary>
internal sealed class AnalyticsReader(NpgsqlDataSource source) : IAnalyticsReader
{
    public async Task<IReadOnlyList<TaskGroup>> ReadAsync(TaskQuestion question, CancellationToken cancellationToken)
    {
        var dimension = RollupDimension.For(question);
        var boundaries = question.Boundaries.Select(boundary => boundary.UtcDateTime).ToArray();
        var runs = RollupRun.Cover(boundaries, dimension.Finest);
        var answer = new Answer(question, boundaries, runs, dimension.Finest);

        var edges = runs.Where(run => run.Level is null).Select(run => (run.From, run.To)).Distinct().ToList();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        // One snapshot and one round trip. Whatever goes wrong in between: a connection goes back to its pool without a transaction.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        // The plan is the same for all values: it is made once.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL plan_cache_mode = force_generic_plan"));
        batch.BatchCommands.Add(Rollups(question, dimension, [.. runs.Where(run => run.Level is not null)]));
        batch.BatchCommands.Add(Deltas(runs));
        foreach (var (from, to) in edges)
        {
            batch.BatchCommands.Add(Edge(question, from, to));
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        // Once for every connection of the pool: to read and plan the statements takes as long as to run them.
        await batch.PrepareAsync(cancellationToken);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            answer.AddRollup(reader);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            answer.AddDelta(TaskFactsColumns.Read(reader, 1), reader.GetInt16(0));
        }

        foreach (var edge in edges)
        {
            await reader.NextResultAsync(cancellationToken);
            var parts = answer.PartsOf(runs.Where(run => run.Level is null && (run.From, run.To) == edge));
            while (await reader.ReadAsync(cancellationToken))
            {
                answer.AddTask(TaskFactsColumns.Read(reader), 1, parts);
            }
        }

        return answer.Groups;
    }

    private static NpgsqlBatchCommand Rollups(TaskQuestion question, RollupDimension dimension, RollupRun[] runs)
    {
        var value = question.By == Dimension.All ? "''" : question.By == dimension.First ? "r.value" : "r.value2";
        var command = new NpgsqlBatchCommand();
        Add(command, dimension.Code, NpgsqlDbType.Smallint);
        Add(command, runs.Select(run => (short)run.Level!).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint);
        Add(command, runs.Select(run => run.From).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        Add(command, runs.Select(run => run.To).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        Add(command, runs.Select(run => run.Part).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);
        Add(command, runs.Select(run => (short)run.Sign).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint);
        var where = new StringBuilder();
        foreach (var (filtered, values) in question.Filters)
        {
            Add(command, values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
            where.Append(" AND ").Append(filtered == dimension.First ? "r.value" : "r.value2").Append(" = ANY ($").Append(command.Parameters.Count).Append(')');
        }

        // Added up here: so few rows are read that PostgreSQL takes longer to group them than to send them, most of all to find the part of a time.
        // OFFSET 0: one look into the index for every run. Left to itself the planner may read the whole table instead, for it does not know how short the runs are.
        command.CommandText =
            $"""
            SELECT run.part, r.bucket, {value}, run.sign, {RollupRows.Sums}{(question.Quantiles ? ", " + RollupRows.Histograms : "")}
            FROM unnest($2::smallint[], $3::timestamptz[], $4::timestamptz[], $5::int[], $6::smallint[]) AS run (level, first, last, part, sign)
            CROSS JOIN LATERAL (
                SELECT * FROM task_rollups r WHERE r.dimension = $1 AND r.level = run.level AND r.bucket >= run.first AND r.bucket < run.last{where} OFFSET 0) AS r
            """;
        return command;
    }

    /// <summary>Also of what is counted only to be taken out again.</summary>
    private static NpgsqlBatchCommand Deltas(IReadOnlyList<RollupRun> runs)
    {
        var command = new NpgsqlBatchCommand($"SELECT sign, {TaskFactsColumns.List} FROM task_deltas WHERE created_at >= $1 AND created_at < $2");
        Add(command, runs.Min(run => run.From), NpgsqlDbType.TimestampTz);
        Add(command, runs.Max(run => run.To), NpgsqlDbType.TimestampTz);
        return command;
    }

    private static NpgsqlBatchCommand Edge(TaskQuestion question, DateTime from, DateTime to)
    {
        var command = new NpgsqlBatchCommand($"SELECT {TaskFactsColumns.ListFor(question.Dimensions)} FROM tasks WHERE created_at >= $1 AND created_at < $2");
        Add(command, from, NpgsqlDbType.TimestampTz);
        Add(command, to, NpgsqlDbType.TimestampTz);
        return command;
    }

    private static void Add(NpgsqlBatchCommand command, object value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });

    private sealed class Answer(TaskQuestion question, DateTime[] boundaries, IReadOnlyList<RollupRun> runs, RollupLevel finest)
    {
        private readonly Dictionary<(int Part, string Value), TaskMeasures> _groups = [];

        /// <summary>For which parts, and how often, the rollups of a bucket of the finest level count.</summary>
        private readonly Dictionary<DateTime, (int Part, int Times)[]> _parts = [];

        /// <summary>What was changed and changed back leaves a group of nothing.</summary>
        public IReadOnlyList<TaskGroup> Groups =>
            [.. _groups.Where(group => !group.Value.IsEmpty).Select(group => new TaskGroup(group.Key.Part, group.Key.Value, group.Value)).OrderBy(group => group.Bucket)];

        public void AddRollup(NpgsqlDataReader reader)
        {
            var sign = reader.GetInt16(3);
            var measures = At(reader.IsDBNull(0) ? PartAt(reader.GetDateTime(1)) : reader.GetInt32(0), reader.GetString(2));
            measures.Add(RollupRows.ReadSums(reader, 4), sign);
            if (question.Quantiles)
            {
                RollupRows.AddHistograms(reader, 4 + RollupRows.SumColumns, measures, sign);
            }
        }

        /// <summary>What a rollup does not say yet counts wherever the rollup does.</summary>
        public void AddDelta(in TaskFacts task, int sign)
        {
            var time = task.CreatedAt.UtcDateTime;
            var bucket = finest.Floor(time);
            if (!_parts.TryGetValue(bucket, out var parts))
            {
                _parts.Add(bucket, parts = PartsOf(runs.Where(run => run.Level is not null && run.From <= time && time < run.To).Select(run => run with { Part = run.Part ?? PartAt(bucket) })));
            }

            AddTask(task, sign, parts);
        }

        public (int Part, int Times)[] PartsOf(IEnumerable<RollupRun> counting) =>
            [.. counting.GroupBy(run => run.Part!.Value).Select(part => (part.Key, Times: part.Sum(run => run.Sign))).Where(part => part.Times != 0)];

        public void AddTask(in TaskFacts task, int sign, (int Part, int Times)[] parts)
        {
            foreach (var (dimension, values) in question.Filters)
            {
                if (!values.Contains(RollupDimension.ValueOf(task, dimension)))
                {
                    return;
                }
            }

            foreach (var (part, times) in parts)
            {
                At(part, RollupDimension.ValueOf(task, question.By)).Add(task, sign * times);
            }
        }

        private int PartAt(DateTime time)
        {
            var index = Array.BinarySearch(boundaries, time);
            return index >= 0 ? index : ~index - 1;
        }

        private TaskMeasures At(int part, string value)
        {
            if (!_groups.TryGetValue((part, value), out var measures))
            {
                _groups.Add((part, value), measures = new TaskMeasures(question.Quantiles));
            }

            return measures;
        }
    }
}
