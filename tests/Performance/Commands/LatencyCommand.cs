using System.Diagnostics;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

internal sealed record LatencyOptions(int Rate, int Seconds, int[] Subscribers, int Rounds, DirectoryInfo Server, FileInfo? Json);

/// <summary>
/// One run against one server. Messages out of order came twice or before their predecessor: there are none, or the server is wrong.
/// </summary>
internal sealed record LatencyRun(
    string Server,
    int Subscribers,
    int Round,
    double PublishedPerSecond,
    double P50Ms,
    double P99Ms,
    double MaxMs,
    int Expected,
    int Delivered,
    int OutOfOrder,
    double ServerCpuSeconds)
{
    public double DeliveredPercent => 100.0 * Delivered / Expected;
}

/// <summary>
/// From <c>PUBLISH task:{id}:output</c> to the WebSocket client that has read the frame. Each server has a Redis of its own, so that
/// one does not hear what is meant for the other.
/// </summary>
internal static class LatencyCommand
{
    public const int MaxSubscribers = 2_000;

    private const string Dashboard = "dashboard";
    private const string Raw = "raw";
    private const int TextSize = 200;
    private const int WarmUpSeconds = 5;

    /// <summary>What has not come for so long after the last arrival does not come any more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(5);

    private sealed record Target(string Name, ServerProcess Server, RedisServer Redis, string Path);

    public static async Task RunAsync(LatencyOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var dashboardRedis = await RedisServer.StartNewAsync();
        await using var rawRedis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var dashboard = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, dashboardRedis.ConnectionString, cancellationToken);
        await using var raw = await PeerProcess.StartRawAsync(rawRedis, cancellationToken);
        Target[] targets = [new(Dashboard, dashboard, dashboardRedis, "/ws"), new(Raw, raw, rawRedis, RawServer.Path)];

        var runs = new List<LatencyRun>();
        foreach (var subscribers in options.Subscribers)
        {
            foreach (var target in targets)
            {
                await MeasureAsync(target, options with { Seconds = WarmUpSeconds }, subscribers, 0, cancellationToken);
            }

            for (var round = 1; round <= options.Rounds; round++)
            {
                foreach (var target in targets)
                {
                    runs.Add(await MeasureAsync(target, options, subscribers, round, cancellationToken));
                }
            }
        }

        Write(runs, options);
        await Report.WriteAsync("latency", machine, runs, options.Json, cancellationToken);
    }

    private static async Task<LatencyRun> MeasureAsync(
        Target target, LatencyOptions options, int subscribers, int round, CancellationToken cancellationToken)
    {
        var task = $"latency-{subscribers}-{round}";
        var messages = options.Rate * options.Seconds;
        var expected = messages * subscribers;
        using var audience = await Audience.GatherAsync(target.Server.Address, target.Path, $"task:{task}", subscribers, expected);
        using var producer = new RedisProducer(target.Redis.Port);
        await Probe.Until(
            () =>
            {
                // The task is known, the way is open: neither is part of the figures.
                Publish(producer, task, 0);
                return audience.IsPrimed;
            },
            "every client receives what is published");

        var before = target.Server.Usage.CpuSeconds;
        var publishing = Stopwatch.StartNew();
        await Task.Factory.StartNew(
            () => PublishAll(producer, task, options.Rate, messages, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var publishedPerSecond = messages / publishing.Elapsed.TotalSeconds;
        await UntilReceivedAsync(audience, expected, cancellationToken);
        var cpu = target.Server.Usage.CpuSeconds - before;

        var latencies = audience.SortedMicroseconds();
        return new LatencyRun(
            target.Name,
            subscribers,
            round,
            publishedPerSecond,
            latencies.Percentile(0.5) / 1_000.0,
            latencies.Percentile(0.99) / 1_000.0,
            latencies.Percentile(1) / 1_000.0,
            expected,
            latencies.Length,
            audience.OutOfOrder,
            cpu);
    }

    /// <summary>Publishes evenly: after a pause that took too long, what is due by then.</summary>
    private static void PublishAll(RedisProducer producer, string task, int rate, int messages, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (var number = 1; number <= messages; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (clock.Elapsed.TotalSeconds * rate < number - 1)
            {
                Thread.Sleep(1);
            }

            Publish(producer, task, number);
        }

        producer.Complete();
    }

    private static void Publish(RedisProducer producer, string task, int number)
    {
        producer.Add("PUBLISH", $"task:{task}:output", $$"""{"output":"{{Stamp.Now(number).ToText(TextSize)}}"}""");
        producer.Send();
    }

    private static async Task UntilReceivedAsync(Audience audience, int expected, CancellationToken cancellationToken)
    {
        var quiet = Stopwatch.StartNew();
        for (var last = -1; last < expected && quiet.Elapsed < Patience;)
        {
            if (audience.Received is var received && received != last)
            {
                last = received;
                quiet.Restart();
            }

            await Task.Delay(ProbeInterval, cancellationToken);
        }
    }

    private static void Write(List<LatencyRun> runs, LatencyOptions options)
    {
        string[] header = ["p50 ms", "p99 ms", "max ms", "delivered %", "out of order", "published/s", "server CPU s"];
        var all = new Table(["run", .. header]);
        foreach (var run in runs)
        {
            all.Add($"{run.Server} to {run.Subscribers}, {run.Round}", Figures(run));
        }

        all.Write(Console.Out);
        var medians = new Table(["median", .. header]);
        foreach (var subscribers in options.Subscribers)
        {
            var (dashboard, raw) = (Medians(runs, Dashboard, subscribers), Medians(runs, Raw, subscribers));
            medians.Add($"{Dashboard} to {subscribers}", dashboard);
            medians.Add($"{Raw} to {subscribers}", raw);
            medians.Add("ratio", [.. dashboard.Zip(raw, (d, r) => r == 0 ? double.NaN : d / r)]);
        }

        medians.Write(Console.Out);
    }

    private static double[] Medians(List<LatencyRun> runs, string server, int subscribers)
    {
        var rows = runs.Where(run => run.Server == server && run.Subscribers == subscribers).Select(Figures).ToList();
        return [.. rows[0].Select((_, column) => rows.Select(row => row[column]).Median())];
    }

    private static double[] Figures(LatencyRun run) =>
        [run.P50Ms, run.P99Ms, run.MaxMs, run.DeliveredPercent, run.OutOfOrder, run.PublishedPerSecond, run.ServerCpuSeconds];
}
