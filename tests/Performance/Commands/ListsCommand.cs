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

    /// <summary>
    /// All questions are asked in turns, over HTTP and as SQL, so many times over: where the machine is slow for a second, no question has all of it, nor one side.
    /// </summary>
    private const int Turns = 5;

    /// <summary>Requests of a turn that are not counted.</summary>
    private const int WarmUp = 10;

    /// <summary>Rounds of all questions before anything is measured: the runtime compiles what is called often once more, in the background.</summary>
    private const int WarmUpRounds = 100;

    private static readonly DateTimeOffset End = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan FoldDeadline = TimeSpan.FromMinutes(20);

    private static readonly Question[] Cases =
    [
        new("first page", "/api/tasks?", "true", Newest),
        new("status=completed", "/api/tasks?status=completed", "status = 'completed'", Newest),
        new("status=failed", "/api/tasks?status=failed", "status = 'failed'", Newest),
        new("status=running,queued", "/api/tasks?status=running,queued", "status IN ('running', 'queued')", Newest),
        new("agent=brain (30 %)", "/api/tasks?agent=brain", "order_agent = 'brain'", Newest),
        new("agent=auditor (0.05 %)", "/api/tasks?agent=auditor", "order_agent = 'auditor'", Newest),
        new("agent_type=review", "/api/tasks?agent_type=review", "agent_type = 'review'", Newest),
        new("source=slack", "/api/tasks?source=slack", "source = 'slack'", Newest),
        new("source=sentry (0.1 %)", "/api/tasks?source=sentry", "source = 'sentry'", Newest),
        new("session", "/api/tasks?session=session-5", "session_id = 'session-5'", Newest),
        new("conversation", "/api/tasks?conversation=conv-1000", "conversation_id = 'conv-1000'", Newest),
        new("flow_id", "/api/tasks?flow_id=github%3Aowner/repo%231002", "flow_id = 'github:owner/repo#1002'", Newest),
        new("parent", "/api/tasks?parent=task-parent-10", "parent_task_id = 'task-parent-10'", Newest),
        new("a week", "/api/tasks?date_from=2025-11-01&date_to=2025-11-07", "created_at >= '2025-11-01Z' AND created_at < '2025-11-08Z'", Newest),
        new("cost_min=0.5 (0.2 %)", "/api/tasks?cost_min=0.5", "order_cost >= 0.5", Newest),
        new("cost 0.05 to 0.06", "/api/tasks?cost_min=0.05&cost_max=0.06", "order_cost BETWEEN 0.05 AND 0.06", Newest),
        new("duration_min=600 (41)", "/api/tasks?duration_min=600", "order_duration >= 600", Newest),
        new("duration 60 to 61", "/api/tasks?duration_min=60&duration_max=61", "order_duration BETWEEN 60 AND 61", Newest),
        new("status+agent", "/api/tasks?status=failed&agent=triage", "status = 'failed' AND order_agent = 'triage'", Newest),
        new("status+agent, rare", "/api/tasks?status=cancelled&agent=auditor", "status = 'cancelled' AND order_agent = 'auditor'", Newest),
        new("status+source", "/api/tasks?status=failed&source=slack", "status = 'failed' AND source = 'slack'", Newest),
        new("agent+week", "/api/tasks?agent=brain&date_from=2025-11-01&date_to=2025-11-07", "order_agent = 'brain' AND created_at >= '2025-11-01Z' AND created_at < '2025-11-08Z'", Newest),
        new("session+status", "/api/tasks?session=session-5&status=failed", "session_id = 'session-5' AND status = 'failed'", Newest),
        new("most expensive", "/api/tasks?sort_by=cost", "true", "order_cost DESC, created_at DESC, task_id DESC"),
        new("most expensive of a week", "/api/tasks?sort_by=cost&date_from=2026-11-13", "created_at >= '2026-11-13Z'", "order_cost DESC, created_at DESC, task_id DESC"),
        new("longest", "/api/tasks?sort_by=duration", "true", "order_duration DESC, created_at DESC, task_id DESC"),
        new("last ended", "/api/tasks?sort_by=completed_at", "true", "order_completed DESC, created_at DESC, task_id DESC"),
        new("by status", "/api/tasks?sort_by=status&sort_order=asc", "true", "status, created_at, task_id"),
        new("page 100", "/api/tasks?page=100", "true", Newest + " OFFSET 1980"),
    ];

    /// <param name="Name">Of its row.</param>
    /// <param name="Path">Of the API.</param>
    /// <param name="Where">The same as SQL.</param>
    /// <param name="Order">And what follows ORDER BY, with OFFSET where it is not the first page.</param>
    /// <param name="HasTotal">Whether the API says how many rows the SQL has; after a cursor it says how many the whole list has.</param>
    private sealed record Question(string Name, string Path, string Where, string Order, bool HasTotal = true)
    {
        public string Sql =>
            $"SELECT {Columns} FROM tasks WHERE {Where} ORDER BY {(Order.Contains("OFFSET", StringComparison.Ordinal) ? Order.Replace("OFFSET", $"LIMIT {PerPage + 1} OFFSET", StringComparison.Ordinal) : $"{Order} LIMIT {PerPage + 1}")}";
    }

    /// <summary>Microseconds of each request, over HTTP and as SQL.</summary>
    private sealed record Times(List<int> Http, List<int> Sql);

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
        Question[] questions = [.. Cases, .. await CursorsAsync(bench, cancellationToken)];
        var times = Array.ConvertAll(questions, _ => new Times([], []));
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var (question, measured) in questions.Zip(times))
            {
                await MeasureAsync(bench, question, measured, cancellationToken);
            }
        }

        var runs = new List<ListRun>();
        foreach (var (question, measured) in questions.Zip(times))
        {
            runs.Add(await SumUpAsync(bench, question, measured, cancellationToken));
        }

        Write(runs);
        var point = await MeasurePointAsync(bench, cancellationToken);
        await Report.WriteAsync("lists", machine, new { runs, point }, options.Json, cancellationToken);
    }

    /// <summary>A server that runs for hours is measured, not one that was started a moment ago and is still being compiled.</summary>
    private static async Task WarmUpAsync(Bench bench, CancellationToken cancellationToken)
    {
        for (var round = 0; round < WarmUpRounds; round++)
        {
            foreach (var question in Cases)
            {
                await bench.Server.Http.GetByteArrayAsync(question.Path, cancellationToken);
            }
        }
    }

    /// <summary>The totals are kept beside the tasks; what is not folded in yet is added by every reader.</summary>
    private static Task FoldedAsync(PerformanceDatabase database, CancellationToken cancellationToken) => Probe.Until(
        async () => !await database.QueryAsync<bool>("SELECT EXISTS (SELECT FROM task_deltas)", cancellationToken), "the rollups are folded", FoldDeadline);

    /// <summary>One turn of one question.</summary>
    private static async Task MeasureAsync(Bench bench, Question question, Times times, CancellationToken cancellationToken)
    {
        var requests = Math.Max(1, bench.Options.Requests / Turns);
        await using var connection = await bench.Database.Source.OpenConnectionAsync(cancellationToken);
        for (var i = -WarmUp; i < requests; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using (var answer = await bench.Server.Http.GetAsync(question.Path, cancellationToken))
            {
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            }

            var between = Stopwatch.GetTimestamp();
            if (i >= 0)
            {
                times.Http.Add((int)Stopwatch.GetElapsedTime(start, between).TotalMicroseconds);
            }

            if (bench.Pgbench is null)
            {
                await FetchAsync(connection, question.Sql, cancellationToken);
                if (i >= 0)
                {
                    times.Sql.Add((int)Stopwatch.GetElapsedTime(between).TotalMicroseconds);
                }
            }
        }

        if (bench.Pgbench is { } pgbench)
        {
            times.Sql.AddRange(await pgbench.MeasureAsync(
                question.Sql, requests, new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString), cancellationToken));
        }
    }

    private static async Task<ListRun> SumUpAsync(Bench bench, Question question, Times times, CancellationToken cancellationToken)
    {
        var page = JsonElement.Parse(await bench.Server.Http.GetStringAsync(question.Path, cancellationToken));
        var total = page.TryGetProperty("total", out var counted) ? counted.GetInt64() : -1;
        var isRight = !question.HasTotal || total == await bench.Database.QueryAsync<long>($"SELECT count(*) FROM tasks WHERE {question.Where}", cancellationToken);
        int[] http = [.. times.Http.Order()], sql = [.. times.Sql.Order()];
        return new ListRun(
            question.Name,
            http.Percentile(0.5) / 1e3,
            http.Percentile(0.95) / 1e3,
            http.Percentile(0.99) / 1e3,
            sql.Percentile(0.5) / 1e3,
            sql.Percentile(0.95) / 1e3,
            total,
            isRight);
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
    private static async Task<List<Question>> CursorsAsync(Bench bench, CancellationToken cancellationToken)
    {
        var questions = new List<Question>();
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
            questions.Add(new Question(name, $"/api/tasks?after={place}", $"(created_at, task_id) < ('{created}', '{place.TaskId}')", Newest, HasTotal: false));
        }

        return questions;
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
