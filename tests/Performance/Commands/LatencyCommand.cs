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

    private const int TextSize = 200;
    private const int WarmUpSeconds = 5;

    public static async Task RunAsync(LatencyOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var dashboardRedis = await RedisServer.StartNewAsync();
        await using var rawRedis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var dashboard = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, dashboardRedis.ConnectionString, cancellationToken);
        await using var raw = await PeerProcess.StartRawAsync(rawRedis, cancellationToken);
        Target[] targets = [Target.Dashboard(dashboard, dashboardRedis), Target.Raw(raw, rawRedis)];

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
        var load = new BroadcastLoad($"latency-{subscribers}-{round}", subscribers, options.Rate, options.Seconds, TextSize);
        var broadcast = await Broadcast.MeasureAsync(target, load, cancellationToken);
        return new LatencyRun(
            target.Name,
            subscribers,
            round,
            broadcast.PublishedPerSecond,
            broadcast.P50Ms,
            broadcast.P99Ms,
            broadcast.MaxMs,
            load.Expected,
            broadcast.Delivered,
            broadcast.OutOfOrder,
            broadcast.ServerCpuSeconds);
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
            var (dashboard, raw) = (Medians(runs, Target.DashboardName, subscribers), Medians(runs, Target.RawName, subscribers));
            medians.Add($"{Target.DashboardName} to {subscribers}", dashboard);
            medians.Add($"{Target.RawName} to {subscribers}", raw);
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
