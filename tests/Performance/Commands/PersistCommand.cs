using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using GrooteDashboard.Infrastructure.Persistence;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing;
using Npgsql;
using NpgsqlTypes;

namespace GrooteDashboard.Performance.Commands;

internal sealed record PersistOptions(int Chunks, int Tasks, int Rounds, bool NoSearch, DirectoryInfo Server, FileInfo? Json);

/// <summary>One way of getting chunks into PostgreSQL, once. The COPY goes past the server and uses none of its CPU.</summary>
internal sealed record PersistRun(string Way, int Round, int Chunks, double Seconds, double? ServerCpuSeconds)
{
    public double ChunksPerSecond => Chunks / Seconds;
}

/// <summary>
/// From the first chunk sent until PostgreSQL holds them all: through the stream <c>task_events</c>, by HTTP, and as a bare COPY of the
/// rows that the stream made.
/// </summary>
internal static class PersistCommand
{
    private const string Stream = "stream";
    private const string Http = "http";
    private const string Copy = "bare COPY";
    private const int TextSize = 200;
    private const int EventsPerSend = 200;
    private const int ChunksPerRequest = 100;
    private const int Connections = 4;

    private const string Columns = """task_id, "offset", "timestamp", source_id, kind, output, data, status, previous_status""";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(10);

    private sealed record Bench(ServerProcess Server, PerformanceDatabase Database, RedisServer Redis, PersistOptions Options);

    public static async Task RunAsync(PersistOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var redis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var indexing = options.NoSearch ? await HoldAsync(database, PostgresLease.SearchKey, cancellationToken) : null;
        await using var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken);
        await database.ExecuteAsync("CREATE TABLE bare_log (LIKE task_log INCLUDING ALL)", cancellationToken);
        var bench = new Bench(server, database, redis, options);

        // Until the compiler has had its say.
        await RunRoundAsync(bench, 0, cancellationToken);
        var runs = new List<PersistRun>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            runs.AddRange(await RunRoundAsync(bench, round, cancellationToken));
        }

        Write(runs);
        await Report.WriteAsync("persist", machine, runs, options.Json, cancellationToken);
    }

    /// <summary>Takes a lease, so that the server waits with that work.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(PerformanceDatabase database, long key, CancellationToken cancellationToken)
    {
        var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection);
        command.Parameters.AddWithValue(key);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }

    private static async Task<PersistRun[]> RunRoundAsync(Bench bench, int round, CancellationToken cancellationToken)
    {
        var streamed = await RegisterTasksAsync(bench, Stream, round, cancellationToken);
        var stream = await MeasureAsync(
            bench, Stream, round, streamed, ct => Task.Run(() => AppendEvents(bench, streamed, ct), ct), cancellationToken);
        var copy = await CopyAsync(bench, round, streamed, cancellationToken);

        var posted = await RegisterTasksAsync(bench, Http, round, cancellationToken);
        // Made beforehand: what they cost is not the server's.
        var requests = MakeRequests(bench.Options, posted);
        var http = await MeasureAsync(bench, Http, round, posted, ct => PostAsync(bench, requests, ct), cancellationToken);
        return [stream, copy, http];
    }

    private static async Task<PersistRun> MeasureAsync(
        Bench bench, string way, int round, string[] tasks, Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        var head = await HeadsAsync(bench.Database, tasks, cancellationToken);
        var cpu = bench.Server.Usage.CpuSeconds;
        var clock = Stopwatch.StartNew();
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = send(sending.Token);
        TimeSpan elapsed;
        do
        {
            if (sent.IsFaulted || clock.Elapsed > Deadline)
            {
                await sending.CancelAsync();
                await sent;
                throw new TimeoutException($"PostgreSQL does not hold all chunks after {Deadline.TotalMinutes} minutes.");
            }

            await Task.Delay(ProbeInterval, cancellationToken);
            elapsed = clock.Elapsed;
        }
        // The heads are cheap to ask for; they say when it is worth counting.
        while (await HeadsAsync(bench.Database, tasks, cancellationToken) < head + bench.Options.Chunks
            || await ChunksAsync(bench.Database, tasks, cancellationToken) < bench.Options.Chunks);

        await sent;
        var stored = await ChunksAsync(bench.Database, tasks, cancellationToken);
        return stored == bench.Options.Chunks
            ? new PersistRun(way, round, bench.Options.Chunks, elapsed.TotalSeconds, bench.Server.Usage.CpuSeconds - cpu)
            : throw new InvalidOperationException($"{bench.Options.Chunks} chunks were sent, {stored} are stored.");
    }

    private static Task<long> HeadsAsync(PerformanceDatabase database, string[] tasks, CancellationToken cancellationToken) =>
        database.QueryAsync<long>(
            """
            SELECT coalesce(sum(head), 0)::bigint
            FROM unnest($1) AS task (id), LATERAL (SELECT max("offset") AS head FROM task_log WHERE task_id = task.id) AS log
            """,
            cancellationToken,
            [tasks]);

    private static Task<long> ChunksAsync(PerformanceDatabase database, string[] tasks, CancellationToken cancellationToken) =>
        database.QueryAsync<long>(
            "SELECT count(*) FROM task_log WHERE task_id = ANY ($1) AND kind = 'output'", cancellationToken, [tasks]);

    private static async Task<string[]> RegisterTasksAsync(Bench bench, string way, int round, CancellationToken cancellationToken)
    {
        var tasks = Enumerable.Range(0, bench.Options.Tasks)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{way}-{round}-{i}")).ToArray();
        foreach (var task in tasks)
        {
            await bench.Server.RegisterTaskAsync(task, cancellationToken);
        }

        return tasks;
    }

    /// <summary>As the agent engine does it, as fast as Redis takes it.</summary>
    private static void AppendEvents(Bench bench, string[] tasks, CancellationToken cancellationToken)
    {
        using var producer = new RedisProducer(bench.Redis.Port);
        for (var i = 0; i < bench.Options.Chunks; i++)
        {
            producer.Add(
                "XADD", "task_events", "*",
                "type", "task:output",
                "timestamp", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                "task_id", tasks[i % tasks.Length],
                "data", $$"""{"content":"{{Text(i)}}"}""");
            if ((i + 1) % EventsPerSend == 0)
            {
                producer.Send();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        producer.Send();
        producer.Complete();
    }

    private static List<(string Path, byte[] Body)> MakeRequests(PersistOptions options, string[] tasks)
    {
        var requests = new List<(string, byte[])>();
        for (var sent = 0; sent < options.Chunks; sent += ChunksPerRequest)
        {
            var chunks = Enumerable.Range(sent, Math.Min(ChunksPerRequest, options.Chunks - sent)).Select(i => new { output = Text(i) });
            requests.Add((
                $"/api/tasks/{tasks[requests.Count % tasks.Length]}/output",
                JsonSerializer.SerializeToUtf8Bytes(new { chunks })));
        }

        return requests;
    }

    private static Task PostAsync(Bench bench, List<(string Path, byte[] Body)> requests, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            requests,
            new ParallelOptions { MaxDegreeOfParallelism = Connections, CancellationToken = cancellationToken },
            async (request, ct) =>
            {
                using var body = new ByteArrayContent(request.Body);
                body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var answer = await bench.Server.Http.PostAsync(request.Path, body, ct);
                answer.EnsureSuccessStatusCode();
            });

    /// <summary>The rows that the stream made, once more: in one COPY into a table of the same shape, indices and constraints.</summary>
    private static async Task<PersistRun> CopyAsync(Bench bench, int round, string[] tasks, CancellationToken cancellationToken)
    {
        var rows = await ReadRowsAsync(bench.Database, tasks, cancellationToken);
        await using var connection = await bench.Database.Source.OpenConnectionAsync(cancellationToken);
        var clock = Stopwatch.StartNew();
        var sql = $"COPY bare_log ({Columns}) FROM STDIN (FORMAT BINARY)";
        await using (var copy = await connection.BeginBinaryImportAsync(sql, cancellationToken))
        {
            foreach (var row in rows)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(row.TaskId, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(row.Offset, NpgsqlDbType.Bigint, cancellationToken);
                await copy.WriteAsync(row.Timestamp, NpgsqlDbType.TimestampTz, cancellationToken);
                await copy.WriteAsync(row.SourceId, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync("output", NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(row.Output, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteNullAsync(cancellationToken);
                await copy.WriteNullAsync(cancellationToken);
                await copy.WriteNullAsync(cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        return new PersistRun(Copy, round, rows.Count, clock.Elapsed.TotalSeconds, null);
    }

    private static async Task<List<Row>> ReadRowsAsync(PerformanceDatabase database, string[] tasks, CancellationToken cancellationToken)
    {
        // In the order in which they were written.
        await using var command = database.Source.CreateCommand(
            """
            SELECT task_id, "offset", "timestamp", source_id, output FROM task_log
            WHERE task_id = ANY ($1) AND kind = 'output' ORDER BY "offset", task_id
            """);
        command.Parameters.AddWithValue(tasks);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<Row>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new Row(reader.GetString(0), reader.GetInt64(1), reader.GetDateTime(2), reader.GetString(3), reader.GetString(4)));
        }

        return rows;
    }

    private static string Text(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"chunk {number} ").PadRight(TextSize, 'x');

    private static void Write(List<PersistRun> runs)
    {
        var all = new Table("run", "chunks/s", "seconds", "server CPU s");
        foreach (var run in runs)
        {
            all.Add($"{run.Way} {run.Round}", run.ChunksPerSecond, run.Seconds, run.ServerCpuSeconds ?? double.NaN);
        }

        all.Write(Console.Out);
        var copy = Median(runs, Copy);
        var medians = new Table("median", "chunks/s", "of a bare COPY");
        foreach (var way in new[] { Copy, Stream, Http })
        {
            medians.Add(way, Median(runs, way), Median(runs, way) / copy);
        }

        medians.Write(Console.Out);
    }

    private static double Median(List<PersistRun> runs, string way) =>
        runs.Where(run => run.Way == way).Select(run => run.ChunksPerSecond).Median();

    private sealed record Row(string TaskId, long Offset, DateTime Timestamp, string SourceId, string Output);
}
