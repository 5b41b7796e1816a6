using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;
using Npgsql;

namespace GrooteDashboard.Performance.Commands;

internal sealed record ListsOptions(int Tasks, int OutputBytes, int Requests, int Connections, int Seconds, string? Keep, DirectoryInfo Server, FileInfo? Json);

/// <summary>One question, asked over HTTP and as the bare SQL of its rows: by pgbench afterwards, or where there is none by Npgsql in turns. Times in milliseconds.</summary>
internal sealed record ListRun(
    string Name, double P50, double P95, double P99, double SqlP50, double SqlP95, long Total, bool TotalIsRight)
{
    public double Overhead => P50 - SqlP50;
}

/// <summary>One task by id, from many connections at once.</summary>
internal sealed record PointRun(int Connections, double RequestsPerSecond, double ServerCpuMicroseconds);

/// <summary>Lists of many tasks by one client: filters, pairs of filters, orders, cursors, and one task by its id.</summary>
internal static class ListsCommand
{
    private const string Columns =
        """
        task_id, session_id, user_id, status, assigned_agent, agent_type, source, created_at, started_at, completed_at, cost_usd, input_tokens, output_tokens,
        duration_seconds, substr(input_message, 1, 200), conversation_id, flow_id, parent_task_id, version
        """;

    private const string Newest = "created_at DESC, task_id DESC";
    private const int PerPage = 20;
    private const int WarmUp = 30;

    /// <summary>Rounds of all questions before anything is measured: the runtime compiles what is called often once more, in the background.</summary>
    private const int WarmUpRounds = 100;

    private static readonly DateTimeOffset End = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan FoldDeadline = TimeSpan.FromMinutes(20);

    private static readonly (string Name, string Query, string Where, string Order)[] Cases =
    [
        ("first page", "", "true", Newest),
        ("status=completed", "status=completed", "status = 'completed'", Newest),
        ("status=failed", "status=failed", "status = 'failed'", Newest),
        ("status=running,queued", "status=running,queued", "status IN ('running', 'queued')", Newest),
        ("agent=brain (30 %)", "agent=brain", "order_agent = 'brain'", Newest),
        ("agent=auditor (0.05 %)", "agent=auditor", "order_agent = 'auditor'", Newest),
        ("agent_type=review", "agent_type=review", "agent_type = 'review'", Newest),
        ("source=slack", "source=slack", "source = 'slack'", Newest),
        ("source=sentry (0.1 %)", "source=sentry", "source = 'sentry'", Newest),
        ("session", "session=session-5", "session_id = 'session-5'", Newest),
        ("conversation", "conversation=conv-1000", "conversation_id = 'conv-1000'", Newest),
        ("flow_id", "flow_id=github%3Aowner/repo%231002", "flow_id = 'github:owner/repo#1002'", Newest),
        ("parent", "parent=task-parent-10", "parent_task_id = 'task-parent-10'", Newest),
        ("a week", "date_from=2025-11-01&date_to=2025-11-07", "created_at >= '2025-11-01Z' AND created_at < '2025-11-08Z'", Newest),
        ("cost_min=0.5 (0.2 %)", "cost_min=0.5", "order_cost >= 0.5", Newest),
        ("cost 0.05 to 0.06", "cost_min=0.05&cost_max=0.06", "order_cost BETWEEN 0.05 AND 0.06", Newest),
        ("duration_min=600 (41)", "duration_min=600", "order_duration >= 600", Newest),
        ("duration 60 to 61", "duration_min=60&duration_max=61", "order_duration BETWEEN 60 AND 61", Newest),
        ("status+agent", "status=failed&agent=triage", "status = 'failed' AND order_agent = 'triage'", Newest),
        ("status+agent, rare", "status=cancelled&agent=auditor", "status = 'cancelled' AND order_agent = 'auditor'", Newest),
        ("status+source", "status=failed&source=slack", "status = 'failed' AND source = 'slack'", Newest),
        ("agent+week", "agent=brain&date_from=2025-11-01&date_to=2025-11-07", "order_agent = 'brain' AND created_at >= '2025-11-01Z' AND created_at < '2025-11-08Z'", Newest),
        ("session+status", "session=session-5&status=failed", "session_id = 'session-5' AND status = 'failed'", Newest),
        ("most expensive", "sort_by=cost", "true", "order_cost DESC, created_at DESC, task_id DESC"),
        ("most expensive of a week", "sort_by=cost&date_from=2026-11-13", "created_at >= '2026-11-13Z'", "order_cost DESC, created_at DESC, task_id DESC"),
        ("longest", "sort_by=duration", "true", "order_duration DESC, created_at DESC, task_id DESC"),
        ("last ended", "sort_by=completed_at", "true", "order_completed DESC, created_at DESC, task_id DESC"),
        ("by status", "sort_by=status&sort_order=asc", "true", "status, created_at, task_id"),
        ("page 100", "page=100", "true", Newest + " OFFSET 1980"),
    ];

    private sealed record Bench(ServerProcess Server, PerformanceDatabase Database, Pgbench? Pgbench, ListsOptions Options);

    public static async Task RunAsync(ListsOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken, options.Keep);
        await using var redis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken);
        var clock = Stopwatch.StartNew();
        if (!await database.QueryAsync<bool>("SELECT EXISTS (SELECT FROM tasks)", cancellationToken))
        {
            await new TaskSeeder(options.Tasks, options.OutputBytes, End, TimeSpan.FromDays(730)).SeedAsync(database.Source, cancellationToken);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{options.Tasks:N0} tasks, outputs of {options.OutputBytes} bytes, seeded in {clock.Elapsed.TotalSeconds:0} s\n"));
        }

        await FoldedAsync(database, cancellationToken);
        var pgbench = Pgbench.Find();
        Console.WriteLine(pgbench is null ? "pgbench is not installed: the SQL is asked through Npgsql.\n" : "SQL: the same rows through pgbench, one client.\n");
        var bench = new Bench(server, database, pgbench, options);
        await WarmUpAsync(bench, cancellationToken);
        var runs = new List<ListRun>();
        foreach (var (name, query, where, order) in Cases)
        {
            runs.Add(await MeasureAsync(bench, name, "/api/tasks?" + query, where, order, cancellationToken));
        }

        runs.AddRange(await MeasureCursorsAsync(bench, cancellationToken));
        Write(runs);
        var point = await MeasurePointAsync(bench, cancellationToken);
        await Report.WriteAsync("lists", machine, new { runs, point }, options.Json, cancellationToken);
    }

    /// <summary>A server that runs for hours is measured, not one that was started a moment ago and is still being compiled.</summary>
    private static async Task WarmUpAsync(Bench bench, CancellationToken cancellationToken)
    {
        for (var round = 0; round < WarmUpRounds; round++)
        {
            foreach (var (_, query, _, _) in Cases)
            {
                await bench.Server.Http.GetByteArrayAsync("/api/tasks?" + query, cancellationToken);
            }
        }
    }

    /// <summary>The totals are kept beside the tasks; what is not folded in yet is added by every reader.</summary>
    private static Task FoldedAsync(PerformanceDatabase database, CancellationToken cancellationToken) => Probe.Until(
        async () => !await database.QueryAsync<bool>("SELECT EXISTS (SELECT FROM task_deltas)", cancellationToken), "the rollups are folded", FoldDeadline);

    private static async Task<ListRun> MeasureAsync(
        Bench bench, string name, string path, string where, string order, CancellationToken cancellationToken)
    {
        var sql = $"SELECT {Columns} FROM tasks WHERE {where} ORDER BY {(order.Contains("OFFSET", StringComparison.Ordinal) ? order.Replace("OFFSET", $"LIMIT {PerPage + 1} OFFSET", StringComparison.Ordinal) : $"{order} LIMIT {PerPage + 1}")}";
        await using var connection = await bench.Database.Source.OpenConnectionAsync(cancellationToken);
        var (http, bare) = (new List<int>(), new List<int>());
        for (var i = -WarmUp; i < bench.Options.Requests; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using (var answer = await bench.Server.Http.GetAsync(path, cancellationToken))
            {
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            }

            var between = Stopwatch.GetTimestamp();
            if (bench.Pgbench is null)
            {
                await FetchAsync(connection, sql, cancellationToken);
            }

            if (i >= 0)
            {
                http.Add((int)Stopwatch.GetElapsedTime(start, between).TotalMicroseconds);
                bare.Add((int)Stopwatch.GetElapsedTime(between).TotalMicroseconds);
            }
        }

        var page = JsonElement.Parse(await bench.Server.Http.GetStringAsync(path, cancellationToken));
        var total = page.TryGetProperty("total", out var counted) ? counted.GetInt64() : -1;
        var right = total == await bench.Database.QueryAsync<long>($"SELECT count(*) FROM tasks WHERE {where}", cancellationToken);
        var served = http.Order().ToArray();
        var plain = bench.Pgbench is { } pgbench
            ? await pgbench.MeasureAsync(sql, bench.Options.Requests, new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString), cancellationToken)
            : [.. bare.Order()];
        return new ListRun(
            name,
            served.Percentile(0.5) / 1e3,
            served.Percentile(0.95) / 1e3,
            served.Percentile(0.99) / 1e3,
            plain.Percentile(0.5) / 1e3,
            plain.Percentile(0.95) / 1e3,
            total,
            right);
    }

    private static async Task FetchAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            // Only fetched.
        }
    }

    /// <summary>The same part of the list at its beginning, in its middle and at its end.</summary>
    private static async Task<List<ListRun>> MeasureCursorsAsync(Bench bench, CancellationToken cancellationToken)
    {
        var runs = new List<ListRun>();
        foreach (var (name, day) in new[] { ("cursor, first page", "2026-11-19"), ("cursor, middle", "2025-11-20"), ("cursor, last page", "2024-11-21") })
        {
            // Any row of that day: the cursor is that of the page which ends with it.
            var page = JsonElement.Parse(await bench.Server.Http.GetStringAsync($"/api/tasks?sort_order=asc&per_page=25&date_from={day}", cancellationToken));
            var row = page.GetProperty("items")[24];
            var place = new TaskCursor(
                TaskOrder.NewestFirst,
                row.GetProperty("created_at").GetDateTimeOffset(),
                row.GetProperty("created_at").GetDateTimeOffset(),
                row.GetProperty("task_id").GetString()!);
            var created = place.CreatedAt.ToString("O", CultureInfo.InvariantCulture);
            runs.Add(await MeasureAsync(
                bench, name, $"/api/tasks?after={place}", $"(created_at, task_id) < ('{created}', '{place.TaskId}')", Newest, cancellationToken) with
            {
                TotalIsRight = true,
            });
        }

        return runs;
    }

    private static async Task<PointRun?> MeasurePointAsync(Bench bench, CancellationToken cancellationToken)
    {
        var ids = await bench.Database.QueryAsync<string[]>("SELECT array(SELECT task_id FROM tasks TABLESAMPLE BERNOULLI (1) LIMIT 5000)", cancellationToken);
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                script,
                "local ids = {\"" + string.Join("\",\"", ids) + "\"}\nlocal n = 0\nrequest = function() n = n % #ids + 1; return wrk.format('GET', '/api/tasks/' .. ids[n]) end\n",
                cancellationToken);
            await WrkAsync(bench, script, 5, cancellationToken);
            var cpu = bench.Server.Usage.CpuSeconds;
            if (await WrkAsync(bench, script, bench.Options.Seconds, cancellationToken) is not { } rate)
            {
                Console.WriteLine("wrk is not installed: one task by id was not measured.");
                return null;
            }

            var point = new PointRun(bench.Options.Connections, rate, (bench.Server.Usage.CpuSeconds - cpu) * 1e6 / (rate * bench.Options.Seconds));
            var table = new Table("one task by id", "requests/s", "server CPU µs each");
            table.Add($"{point.Connections} connections", point.RequestsPerSecond, point.ServerCpuMicroseconds);
            table.Write(Console.Out);
            return point;
        }
        finally
        {
            File.Delete(script);
        }
    }

    /// <summary>Requests per second; null where there is no wrk.</summary>
    private static async Task<double?> WrkAsync(Bench bench, string script, int seconds, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            "wrk",
            ["-t", "1", "-c", $"{bench.Options.Connections}", "-d", $"{seconds}s", "-s", script, bench.Server.Address.ToString()])
        {
            RedirectStandardOutput = true,
        };
        try
        {
            using var wrk = Process.Start(start)!;
            var output = await wrk.StandardOutput.ReadToEndAsync(cancellationToken);
            await wrk.WaitForExitAsync(cancellationToken);
            if (output.Contains("Non-2xx", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(output);
            }

            return double.Parse(
                output.Split('\n').First(line => line.StartsWith("Requests/sec:", StringComparison.Ordinal))["Requests/sec:".Length..], CultureInfo.InvariantCulture);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static void Write(List<ListRun> runs)
    {
        var table = new Table("ms", "p50", "p95", "p99", "SQL p50", "SQL p95", "over SQL p50", "total");
        foreach (var run in runs)
        {
            table.Add(run.TotalIsRight ? run.Name : run.Name + " (WRONG TOTAL)", run.P50, run.P95, run.P99, run.SqlP50, run.SqlP95, run.Overhead, run.Total);
        }

        table.Write(Console.Out);
    }
}
