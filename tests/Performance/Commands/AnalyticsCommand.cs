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
/// The questions of the page's first screen, at several numbers of tasks in turns, beside the same questions asked of the table by SQL; and what the rollups cost those who write.
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
        // Nobody asks for the same: nothing can be shared. 23 to 37 days, from any time of the day.
        ("… each its own range", "/api/analytics/performance?by=agent&from={from}",
            """
            SELECT assigned_agent, count(*), percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_seconds),
                percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at))
            FROM tasks WHERE created_at >= now() - interval '30 days' GROUP BY 1
            """),
    ];

    /// <summary>Until the compiler has had its say.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    private static int _asked;

    public static async Task RunAsync(AnalyticsOptions options, CancellationToken cancellationToken)
    {
        var (answers, raw, writes) = (new List<AnalyticsRun>(), new List<RawRun>(), new List<WriteRun>());
        var subjects = new List<Subject>();
        try
        {
            foreach (var tasks in options.Tasks)
            {
                subjects.Add(await Subject.StartAsync(options, tasks, cancellationToken));
            }

            var machine = await Machine.DescribeAsync(subjects[0].Database, cancellationToken);
            foreach (var subject in subjects)
            {
                foreach (var (_, path, _) in Questions)
                {
                    await AskAsync(subject.Server.Http, path, options.Clients.Max(), WarmUp, cancellationToken);
                }
            }

            // The same question of one after the other: whatever else the machine does, it does to both.
            foreach (var (question, clients, subject) in from question in Questions from clients in options.Clients from subject in subjects select (question, clients, subject))
            {
                await AskAsync(subject.Server.Http, question.Path, clients, TimeSpan.FromSeconds(0.5), cancellationToken);
                var times = await AskAsync(subject.Server.Http, question.Path, clients, TimeSpan.FromSeconds(options.Seconds), cancellationToken);
                answers.Add(new AnalyticsRun(
                    question.Name, subject.Tasks, clients, times.Length, times.Percentile(0.5) / 1000.0, times.Percentile(0.95) / 1000.0, times.Length / (double)options.Seconds));
            }

            foreach (var (name, _, sql) in Questions)
            {
                raw.Add(new RawRun(name, options.Tasks[^1], await AskTableAsync(subjects[^1].Database, sql, cancellationToken)));
            }

            writes.AddRange(await WriteAsync(subjects[^1].Database, subjects[^1].Server.Http, options, cancellationToken));
            machine.Write(Console.Out);
            Write(options, answers, raw, writes);
            await Report.WriteAsync("analytics", machine, new { answers, raw, writes }, options.Json, cancellationToken);
        }
        finally
        {
            foreach (var subject in subjects)
            {
                await subject.DisposeAsync();
            }
        }
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

    /// <summary>Another beginning every time, all over two weeks.</summary>
    private static string Unique(string path) => path.Replace(
        "{from}", DateTimeOffset.UtcNow.AddDays(-23).AddSeconds(-(Interlocked.Increment(ref _asked) * 7919L % 1_209_600)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static async Task<double> AskTableAsync(PerformanceDatabase database, string sql, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < RawRepeats; i++)
        {
            var clock = Stopwatch.StartNew();
            await database.ExecuteAsync("SET statement_timeout = 0; " + sql, cancellationToken);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        return times.Median();
    }

    /// <summary>Tasks that are registered, begin and end, by HTTP.</summary>
    private static async Task<List<WriteRun>> WriteAsync(PerformanceDatabase database, HttpClient http, AnalyticsOptions options, CancellationToken cancellationToken)
    {
        var runs = new List<WriteRun>();
        // A database that is kept has those of earlier runs.
        var run = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await MeasureAsync(0, withTriggers: true);
        runs.Clear();
        for (var round = 1; round <= options.Rounds; round++)
        {
            await MeasureAsync(round, withTriggers: false);
            await MeasureAsync(round, withTriggers: true);
        }

        // As if nothing had been written: the rollups know of one half only.
        await database.ExecuteAsync("ALTER TABLE tasks DISABLE TRIGGER USER; DELETE FROM tasks WHERE task_id LIKE 'w-without-%'; ALTER TABLE tasks ENABLE TRIGGER USER", cancellationToken);
        await database.ExecuteAsync("DELETE FROM tasks WHERE task_id LIKE 'w-with-%'", cancellationToken);
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
                    var id = $"w-{(withTriggers ? "with" : "without")}-{run}-{round}-{writer}-{tasks}";
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
                .. options.Tasks.Select(tasks => string.Create(CultureInfo.InvariantCulture, $"p50 at {tasks:N0}")),
                .. options.Tasks.Select(tasks => string.Create(CultureInfo.InvariantCulture, $"p95 at {tasks:N0}")),
                "ratio",
                "of the table",
                "table ÷ p95",
            ]);
            foreach (var question in Questions.Select(question => question.Name))
            {
                var runs = options.Tasks.Select(tasks => answers.Single(run => run.Question == question && run.Tasks == tasks && run.Clients == clients)).ToArray();
                var p95 = runs.Select(run => run.P95Milliseconds).ToArray();
                var table95 = raw.Single(run => run.Question == question && run.Tasks == options.Tasks[^1]).Milliseconds;
                table.Add(question, [.. runs.Select(run => run.P50Milliseconds), .. p95, p95[^1] / p95[0], table95, table95 / p95[^1]]);
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

    /// <summary>A database of so many tasks, with a server and a Redis of its own.</summary>
    private sealed class Subject(int tasks, PerformanceDatabase database, RedisServer redis, ServerProcess server) : IAsyncDisposable
    {
        public int Tasks => tasks;

        public PerformanceDatabase Database => database;

        public ServerProcess Server => server;

        public static async Task<Subject> StartAsync(AnalyticsOptions options, int tasks, CancellationToken cancellationToken)
        {
            var database = await PerformanceDatabase.CreateAsync(
                cancellationToken, options.Keep is null ? null : string.Create(CultureInfo.InvariantCulture, $"{options.Keep}_{tasks}"));
            var redis = await RedisServer.StartNewAsync();
            var subject = new Subject(
                tasks, database, redis, await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken));
            await SeedAsync(database, options.Server, tasks, cancellationToken);
            return subject;
        }

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            await redis.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
