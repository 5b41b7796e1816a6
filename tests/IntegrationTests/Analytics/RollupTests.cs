using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Application.Analytics.Ports;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Analytics;

/// <summary>Rollups and what is not folded yet are always what the tasks themselves come to.</summary>
[TestFixture]
internal sealed class RollupTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 20, 7, 3, 11, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2026, 4, 3, 19, 44, 2, TimeSpan.Zero);

    private TestDatabase _database = null!;
    private DashboardServer _server = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await DashboardServer.StartAsync(_database);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task Every_answer_is_that_of_the_raw_table_while_writers_write_and_the_folder_folds()
    {
        var tasks = new RandomTasks(_database, From, To, seed: 20260120);
        for (var round = 0; round < 6; round++)
        {
            await tasks.WriteAsync(writers: 6, operations: 120);

            // Whatever is folded by now: some of it, or nothing.
            await CompareAsync($"round {round}");
        }

        await Probe.Until(async () => await _database.QueryAsync<long>("SELECT count(*) FROM task_deltas") == 0, "everything is folded");
        await CompareAsync("folded");
        Assert.That(await _database.QueryAsync<long>("SELECT count(*) FROM tasks"), Is.GreaterThan(500));

        await _database.QueryAsync<object>("WITH gone AS (DELETE FROM tasks RETURNING 1) SELECT count(*) FROM gone");
        await CompareAsync("deleted");
        await Probe.Until(async () => await _database.QueryAsync<long>("SELECT count(*) FROM task_deltas") == 0, "everything is folded");
        Assert.That(await _database.QueryAsync<long>("SELECT (SELECT count(*) FROM task_rollups) + (SELECT count(*) FROM task_totals)"), Is.Zero, "no trace");
    }

    private async Task CompareAsync(string when)
    {
        await using var scope = _server.Services.CreateAsyncScope();
        var reader = scope.ServiceProvider.GetRequiredService<IAnalyticsReader>();
        var totals = scope.ServiceProvider.GetRequiredService<ITaskTotals>();
        DateTimeOffset[] crooked = [From.AddDays(2).AddMinutes(7.3), new(2026, 2, 1, 5, 30, 0, TimeSpan.Zero), new(2026, 3, 1, 18, 15, 0, TimeSpan.Zero), To.AddDays(-1)];
        DateTimeOffset[] days = [From, new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 2, 10, 0, 0, 0, TimeSpan.Zero), To];
        foreach (var quantiles in new[] { false, true })
        {
            await CompareAsync(reader, new TaskQuestion(crooked, Dimension.All, TaskQuestion.NoFilters, quantiles), when);
            await CompareAsync(reader, new TaskQuestion(crooked, Dimension.Agent, TaskQuestion.NoFilters, quantiles), when);
            await CompareAsync(reader, new TaskQuestion(crooked, Dimension.All, Filter(Dimension.Model, "large", ""), quantiles), when);
            await CompareAsync(reader, new TaskQuestion(days, Dimension.Model, Filter(Dimension.Agent, "brain"), quantiles), when);
            await CompareAsync(reader, new TaskQuestion(days, Dimension.Agent, Filter(Dimension.Status, "completed", "failed"), quantiles), when);
            await CompareAsync(reader, new TaskQuestion(days, Dimension.User, TaskQuestion.NoFilters, quantiles), when);
        }

        AgentTaskStatus[][] statuses = [[], [AgentTaskStatus.Failed, AgentTaskStatus.Running]];
        foreach (var filter in from status in statuses
                               from agent in new string[][] { [], ["brain"] }
                               from start in new[] { (DateTimeOffset?)null, crooked[0] }
                               from end in new[] { (DateTimeOffset?)null, crooked[^1] }
                               select new TaskFilter { Statuses = status, Agents = agent, From = start, To = end })
        {
            var total = await totals.CountAsync(filter, CancellationToken.None);
            Assert.That(total, Is.EqualTo(await CountAsync(filter)), $"{when}: {filter}");
        }
    }

    private static Dictionary<Dimension, IReadOnlyList<string>> Filter(Dimension dimension, params string[] values) => new() { [dimension] = values };

    private async Task CompareAsync(IAnalyticsReader reader, TaskQuestion question, string when)
    {
        var groups = await reader.ReadAsync(question, CancellationToken.None);
        var actual = groups.OrderBy(group => group.Bucket).ThenBy(group => group.Value, StringComparer.Ordinal)
            .Select(group => (group.Bucket, group.Value, group.Measures.Sums.Tasks, group.Measures.Sums.CostUsd, group.Measures.Sums.InputTokens, group.Measures.Sums.Failed,
                group.Measures.Sums.DurationCount, group.Measures.Sums.QueueCount))
            .ToList();
        var expected = await RawAsync(question);
        var name = $"{when}: by {question.By}, {string.Join(' ', question.Filters.Keys)}";
        Assert.That(actual, Is.EqualTo(expected.Select(row => row.Counts)), name);
        Assert.That(
            groups.OrderBy(group => group.Bucket).ThenBy(group => group.Value, StringComparer.Ordinal).Select(group => group.Measures.Sums.DurationSeconds),
            Is.EqualTo(expected.Select(row => row.Duration)).Within(0.0001m), name);
        if (question.Quantiles)
        {
            Assert.Multiple(() =>
            {
                foreach (var (group, row) in groups.OrderBy(group => group.Bucket).ThenBy(group => group.Value, StringComparer.Ordinal).Zip(expected))
                {
                    Assert.That(group.Measures.Durations!.Quantile(0.5) ?? 0, Is.EqualTo(row.P50).Within(1.0001).Percent, name);
                    Assert.That(group.Measures.Durations!.Quantile(0.95) ?? 0, Is.EqualTo(row.P95).Within(1.0001).Percent, name);
                    Assert.That(group.Measures.QueueTimes!.Quantile(0.9) ?? 0, Is.EqualTo(row.Queue90).Within(1.0001).Percent, name);
                    Assert.That(group.Measures.Costs!.Quantile(0.99) ?? 0, Is.EqualTo(row.Cost99).Within(1.0001).Percent, name);
                }
            });
        }
    }

    private async Task<List<((int, string, long, decimal, decimal, long, long, long) Counts, decimal Duration, double P50, double P95, double Queue90, double Cost99)>> RawAsync(
        TaskQuestion question)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand { Connection = connection };
        command.Parameters.AddWithValue(question.Boundaries.Select(boundary => boundary.UtcDateTime).ToArray());
        var where = "";
        foreach (var (dimension, values) in question.Filters)
        {
            command.Parameters.AddWithValue(values.ToArray());
            where += $" AND {Column(dimension)} = ANY (${command.Parameters.Count})";
        }

        command.CommandText =
            $"""
            WITH t AS (
                SELECT *, coalesce(duration_seconds, extract(epoch FROM completed_at - started_at)::float8) AS duration,
                    extract(epoch FROM started_at - created_at)::float8 AS queue
                FROM tasks)
            SELECT width_bucket(created_at, $1) - 1, {Column(question.By)} COLLATE "C", count(*), coalesce(sum(cost_usd), 0), coalesce(sum(input_tokens), 0),
                count(*) FILTER (WHERE status = 'failed'), count(duration), count(queue), coalesce(sum(duration), 0)::numeric,
                coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY duration), 0), coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY duration), 0),
                coalesce(percentile_disc(0.9) WITHIN GROUP (ORDER BY queue), 0), coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY cost_usd::float8), 0)
            FROM t WHERE created_at >= ($1)[1] AND created_at < ($1)[array_upper($1, 1)] {where}
            GROUP BY 1, 2 ORDER BY 1, 2
            """;
        await using var reader = await command.ExecuteReaderAsync();
        List<((int, string, long, decimal, decimal, long, long, long), decimal, double, double, double, double)> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add((
                (reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2), reader.GetDecimal(3), reader.GetDecimal(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7)),
                reader.GetDecimal(8), reader.GetDouble(9), reader.GetDouble(10), reader.GetDouble(11), reader.GetDouble(12)));
        }

        return rows;
    }

    private async Task<TaskTotals> CountAsync(TaskFilter filter)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            SELECT count(*), coalesce(sum(cost_usd), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0) FROM tasks
            WHERE (cardinality($1) = 0 OR status = ANY ($1)) AND (cardinality($2) = 0 OR assigned_agent = ANY ($2)) AND created_at >= $3 AND created_at < $4
            """,
            connection);
        command.Parameters.AddWithValue(filter.Statuses.Select(status => status.Name()).ToArray());
        command.Parameters.AddWithValue(filter.Agents.ToArray());
        command.Parameters.AddWithValue(filter.From ?? DateTimeOffset.UnixEpoch);
        command.Parameters.AddWithValue(filter.To ?? new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new TaskTotals(reader.GetInt64(0), reader.GetDecimal(1), reader.GetDecimal(2), reader.GetDecimal(3));
    }

    private static string Column(Dimension dimension) => dimension switch
    {
        Dimension.All => "''",
        Dimension.Agent => "coalesce(assigned_agent, '')",
        Dimension.AgentType => "agent_type",
        Dimension.Source => "source",
        Dimension.Model => "coalesce(model, '')",
        Dimension.Status => "status",
        _ => "user_id",
    };
}
