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
        var answer = new Answer(question, boundaries);

        var edges = runs.Where(run => run.Level is null).ToList();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        // One snapshot and one round trip. Whatever goes wrong in between: a connection goes back to its pool without a transaction.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        // The plan is the same for all values: it is made once.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL plan_cache_mode = force_generic_plan"));
        batch.BatchCommands.Add(Rollups(question, dimension, boundaries, [.. runs.Where(run => run.Level is not null)]));
        batch.BatchCommands.Add(Deltas(boundaries[0], boundaries[^1]));
        foreach (var edge in edges)
        {
            batch.BatchCommands.Add(Edge(edge));
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
            var task = TaskFactsColumns.Read(reader, 1);
            if (!edges.Exists(edge => task.CreatedAt.UtcDateTime >= edge.From && task.CreatedAt.UtcDateTime < edge.To))
            {
                answer.AddTask(task, reader.GetInt16(0));
            }
        }

        while (await reader.NextResultAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                answer.AddTask(TaskFactsColumns.Read(reader, 1), reader.GetInt16(0));
            }
        }

        return answer.Groups;
    }

    private static NpgsqlBatchCommand Rollups(TaskQuestion question, RollupDimension dimension, DateTime[] boundaries, RollupRun[] runs)
    {
        var value = question.By == Dimension.All ? "''" : question.By == dimension.First ? "r.value" : "r.value2";
        var command = new NpgsqlBatchCommand();
        Add(command, dimension.Code, NpgsqlDbType.Smallint);
        Add(command, runs.Select(run => (short)run.Level!).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint);
        Add(command, runs.Select(run => run.From).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        Add(command, runs.Select(run => run.To).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        Add(command, boundaries, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        var where = new StringBuilder();
        foreach (var (filtered, values) in question.Filters)
        {
            Add(command, values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
            where.Append(" AND ").Append(filtered == dimension.First ? "r.value" : "r.value2").Append(" = ANY ($").Append(command.Parameters.Count).Append(')');
        }

        // OFFSET 0: one look into the index for every run. Left to itself the planner may read the whole table instead, for it does not know how short the runs are.
        command.CommandText =
            $"""
            SELECT width_bucket(r.bucket, $5), {value}, {RollupRows.SumsOfGroup}{(question.Quantiles ? ", " + RollupRows.HistogramsOfGroup : "")}
            FROM unnest($2::smallint[], $3::timestamptz[], $4::timestamptz[]) AS run (level, first, last)
            CROSS JOIN LATERAL (
                SELECT * FROM task_rollups r WHERE r.dimension = $1 AND r.level = run.level AND r.bucket >= run.first AND r.bucket < run.last{where} OFFSET 0) AS r
            GROUP BY 1, 2
            """;
        return command;
    }

    private static NpgsqlBatchCommand Deltas(DateTime from, DateTime to)
    {
        var command = new NpgsqlBatchCommand($"SELECT sign, {TaskFactsColumns.List} FROM task_deltas WHERE created_at >= $1 AND created_at < $2");
        Add(command, from, NpgsqlDbType.TimestampTz);
        Add(command, to, NpgsqlDbType.TimestampTz);
        return command;
    }

    private static NpgsqlBatchCommand Edge(RollupRun edge)
    {
        var command = new NpgsqlBatchCommand($"SELECT 1::smallint, {TaskFactsColumns.List} FROM tasks WHERE created_at >= $1 AND created_at < $2");
        Add(command, edge.From, NpgsqlDbType.TimestampTz);
        Add(command, edge.To, NpgsqlDbType.TimestampTz);
        return command;
    }

    private static void Add(NpgsqlBatchCommand command, object value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });

    private sealed class Answer(TaskQuestion question, DateTime[] boundaries)
    {
        private readonly Dictionary<(int Bucket, string Value), TaskMeasures> _groups = [];

        /// <summary>What was changed and changed back leaves a group of nothing.</summary>
        public IReadOnlyList<TaskGroup> Groups =>
            [.. _groups.Where(group => !group.Value.IsEmpty).Select(group => new TaskGroup(group.Key.Bucket, group.Key.Value, group.Value)).OrderBy(group => group.Bucket)];

        public void AddRollup(NpgsqlDataReader reader)
        {
            var measures = At(reader.GetInt32(0) - 1, reader.GetString(1));
            measures.Add(RollupRows.ReadSums(reader, 2));
            if (question.Quantiles)
            {
                RollupRows.AddHistograms(reader, 2 + RollupRows.SumColumns, measures);
            }
        }

        public void AddTask(in TaskFacts task, int sign)
        {
            foreach (var (dimension, values) in question.Filters)
            {
                if (!values.Contains(RollupDimension.ValueOf(task, dimension)))
                {
                    return;
                }
            }

            var index = Array.BinarySearch(boundaries, task.CreatedAt.UtcDateTime);
            At(index >= 0 ? index : ~index - 1, RollupDimension.ValueOf(task, question.By)).Add(task, sign);
        }

        private TaskMeasures At(int bucket, string value)
        {
            if (!_groups.TryGetValue((bucket, value), out var measures))
            {
                _groups.Add((bucket, value), measures = new TaskMeasures(question.Quantiles));
            }

            return measures;
        }
    }
}
