using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

/// <param name="Tasks">Tasks of each database; the last is compared with the first.</param>
/// <param name="Clients">Who ask at once.</param>
/// <param name="Seconds">How long each question is asked.</param>
/// <param name="Rounds">Of writing, with and without the triggers in turns.</param>
/// <param name="Keep">The databases are named so, with the number of their tasks, and left for further runs; null: they are made and dropped.</param>
/// <param name="Server">Folder of the server.</param>
/// <param name="Json">Where every run is written for other programs, if anywhere.</param>
internal sealed record AnalyticsOptions(int[] Tasks, int[] Clients, int Seconds, int Rounds, string? Keep, DirectoryInfo Server, FileInfo? Json);

internal sealed record AnalyticsRun(string Question, int Tasks, int Clients, int Requests, double P50Milliseconds, double P95Milliseconds, double PerSecond);

internal sealed record RawRun(string Question, int Tasks, double Milliseconds);

internal sealed record WriteRun(bool WithTriggers, int Round, double PerSecond);

/// <summary>
/// The questions of the page's first screen, at several numbers of tasks, beside the same questions asked of the table by SQL; and what the rollups cost those who write.
/// </summary>
internal static class AnalyticsCommand
{
    private const int Writers = 8;
    private const int RawRepeats = 3;

    private static readonly (string Name, string Path, string Sql)[] Questions =
    [
        ("summary", "/api/analytics/summary",
            "SELECT count(*), sum(cost_usd), sum(input_tokens + output_tokens), count(*) FILTER (WHERE status = 'completed'), avg(completed_at - created_at) FROM tasks"),
        ("histogram 30 days", "/api/analytics/costs/histogram?days=30",
            "SELECT date_trunc('day', created_at), sum(cost_usd), count(*), sum(input_tokens + output_tokens), avg(duration_seconds) FROM tasks WHERE created_at >= now() - interval '30 days' GROUP BY 1"),
        ("histogram 365 days", "/api/analytics/costs/histogram?days=365",
            "SELECT date_trunc('day', created_at), sum(cost_usd), count(*), sum(input_tokens + output_tokens), avg(duration_seconds) FROM tasks WHERE created_at >= now() - interval '365 days' GROUP BY 1"),
        ("histogram 365 days, India", "/api/analytics/costs/histogram?days=365&zone=Asia/Kolkata",
            "SELECT date_trunc('day', created_at AT TIME ZONE 'Asia/Kolkata'), sum(cost_usd), count(*), sum(input_tokens + output_tokens), avg(duration_seconds) FROM tasks WHERE created_at >= now() - interval '365 days' GROUP BY 1"),
        ("performance by agent", "/api/analytics/performance?by=agent",
            """
            SELECT assigned_agent, count(*), percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_seconds),
                percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at))
            FROM tasks WHERE created_at >= now() - interval '30 days' GROUP BY 1
            """),
        // Nobody asks for the same: nothing can be shared.
        ("… each its own range", "/api/analytics/performance?by=agent&from={from}",
            """
            SELECT assigned_agent, count(*), percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_seconds),
                percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at))
            FROM tasks WHERE created_at >= now() - interval '30 days' GROUP BY 1
            """),
    ];

    private static int _asked;

    public static async Task RunAsync(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        await using var redis = await RedisServer.StartNewAsync();
        var (answers, raw, writes) = (new List<AnalyticsRun>(), new List<RawRun>(), new List<WriteRun>());
        Machine? machine = null;
        foreach (var tasks in options.Tasks)
        {
            await using var database = await PerformanceDatabase.CreateAsync(
                cancellationToken, options.Keep is null ? null : string.Create(CultureInfo.InvariantCulture, $"{options.Keep}_{tasks}"));
            machine ??= await Machine.DescribeAsync(database, cancellationToken);
            await using var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken);
            await SeedAsync(database, options.Server, tasks, cancellationToken);
            foreach (var (name, path, sql) in Questions)
            {
                foreach (var clients in options.Clients)
                {
                    // Until the compiler and the caches have had their say.
                    await AskAsync(server.Http, path, clients, TimeSpan.FromSeconds(1), cancellationToken);
                    var times = await AskAsync(server.Http, path, clients, TimeSpan.FromSeconds(options.Seconds), cancellationToken);
                    answers.Add(new AnalyticsRun(name, tasks, clients, times.Length, times.Percentile(0.5) / 1000.0, times.Percentile(0.95) / 1000.0, times.Length / (double)options.Seconds));
                }

                raw.Add(new RawRun(name, tasks, await AskTableAsync(database, sql, cancellationToken)));
            }

            if (tasks == options.Tasks[^1])
            {
                writes.AddRange(await WriteAsync(database, server.Http, options, cancellationToken));
            }
        }

        machine!.Write(Console.Out);
        Write(options, answers, raw, writes);
        await Report.WriteAsync("analytics", machine, new { answers, raw, writes }, options.Json, cancellationToken);
    }

    private static async Task SeedAsync(PerformanceDatabase database, DirectoryInfo server, int tasks, CancellationToken cancellationToken)
    {
        if (await database.QueryAsync<bool>("SELECT EXISTS (SELECT FROM tasks)", cancellationToken))
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        await TaskSeed.WriteAsync(database, tasks, cancellationToken);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Seeded in {clock.Elapsed.TotalSeconds:N0} s; rebuilding the rollups"));
        clock.Restart();
        // As an operator does it.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(server.FullName, ServerProcess.DashboardAssembly), "rollups", "rebuild"]) { RedirectStandardOutput = true };
        start.Environment["ConnectionStrings__Postgres"] = database.ConnectionString;
        start.Environment["REDIS_URL"] = "";
        using var rebuild = Process.Start(start)!;
        var said = await rebuild.StandardOutput.ReadToEndAsync(cancellationToken);
        await rebuild.WaitForExitAsync(cancellationToken);
        if (rebuild.ExitCode != 0)
        {
            throw new InvalidOperationException("The rollups cannot be rebuilt: " + said);
        }

        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{said.Trim()}, in {clock.Elapsed.TotalSeconds:N0} s"));
        await database.ExecuteAsync("VACUUM (ANALYZE) task_rollups", cancellationToken);
    }

    /// <returns>Microseconds of each answer, sorted.</returns>
    private static async Task<int[]> AskAsync(HttpClient http, string path, int clients, TimeSpan length, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var mine = new List<int>();
            while (clock.Elapsed < length)
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(Unique(path), cancellationToken);
                answer.EnsureSuccessStatusCode();
                mine.Add((int)Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            return mine;
        }));
        return [.. times.SelectMany(mine => mine).Order()];
    }

    /// <summary>30 days from another second every time.</summary>
    private static string Unique(string path) => path.Replace(
        "{from}", DateTimeOffset.UtcNow.AddDays(-30).AddSeconds(-Interlocked.Increment(ref _asked)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static async Task<double> AskTableAsync(PerformanceDatabase database, string sql, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < RawRepeats; i++)
        {
            var clock = Stopwatch.StartNew();
            await database.ExecuteAsync(sql, cancellationToken);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        return times.Median();
    }

    /// <summary>Tasks that are registered, begin and end, by HTTP.</summary>
    private static async Task<List<WriteRun>> WriteAsync(PerformanceDatabase database, HttpClient http, AnalyticsOptions options, CancellationToken cancellationToken)
    {
        var runs = new List<WriteRun>();
        await MeasureAsync(0, withTriggers: true);
        runs.Clear();
        for (var round = 1; round <= options.Rounds; round++)
        {
            await MeasureAsync(round, withTriggers: false);
            await MeasureAsync(round, withTriggers: true);
        }

        return runs;

        async Task MeasureAsync(int round, bool withTriggers)
        {
            await database.ExecuteAsync($"ALTER TABLE tasks {(withTriggers ? "ENABLE" : "DISABLE")} TRIGGER USER", cancellationToken);
            var clock = Stopwatch.StartNew();
            var written = await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
            {
                var tasks = 0;
                for (; clock.Elapsed.TotalSeconds < options.Seconds; tasks++)
                {
                    var id = $"w-{round}-{withTriggers}-{writer}-{tasks}".ToLowerInvariant();
                    using var registered = await http.PostAsJsonAsync("/api/tasks", new { task_id = id, source = "github", input_message = "Do it" }, cancellationToken);
                    registered.EnsureSuccessStatusCode();
                    using var begun = await http.PatchAsJsonAsync($"/api/tasks/{id}", new { status = "running" }, cancellationToken);
                    begun.EnsureSuccessStatusCode();
                    using var ended = await http.PatchAsJsonAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = 0.01, input_tokens = 100, output_tokens = 10 }, cancellationToken);
                    ended.EnsureSuccessStatusCode();
                }

                return tasks;
            }));
            runs.Add(new WriteRun(withTriggers, round, 3 * written.Sum() / clock.Elapsed.TotalSeconds));
        }
    }

    private static void Write(AnalyticsOptions options, List<AnalyticsRun> answers, List<RawRun> raw, List<WriteRun> writes)
    {
        foreach (var clients in options.Clients)
        {
            var table = new Table(
            [
                string.Create(CultureInfo.InvariantCulture, $"{clients} clients, ms"),
                .. options.Tasks.Select(tasks => string.Create(CultureInfo.InvariantCulture, $"p95 at {tasks:N0}")),
                "ratio",
                "of the table",
                "table ÷ p95",
            ]);
            foreach (var question in Questions.Select(question => question.Name))
            {
                var p95 = options.Tasks.Select(tasks => answers.Single(run => run.Question == question && run.Tasks == tasks && run.Clients == clients).P95Milliseconds).ToArray();
                var table95 = raw.Single(run => run.Question == question && run.Tasks == options.Tasks[^1]).Milliseconds;
                table.Add(question, [.. p95, p95[^1] / p95[0], table95, table95 / p95[^1]]);
            }

            table.Write(Console.Out);
        }

        var (with, without) = (Median(true), Median(false));
        var written = new Table("writes of tasks by HTTP", "per second", "of those without");
        written.Add("without triggers", without, 1);
        written.Add("with triggers", with, with / without);
        written.Write(Console.Out);

        double Median(bool withTriggers) => writes.Where(run => run.WithTriggers == withTriggers).Select(run => run.PerSecond).Median();
    }
}
