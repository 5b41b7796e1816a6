using System.Globalization;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

internal sealed record FanOutOptions(FanOutCase[] Cases, int Seconds, int Size, int Rounds, DirectoryInfo Server, FileInfo? Json);

/// <summary>So many subscribers, each of whom gets so many messages per second.</summary>
internal sealed record FanOutCase(int Subscribers, int Rate)
{
    /// <summary>Such as <c>500x1000</c>.</summary>
    public static bool TryParse(string text, out FanOutCase parsed)
    {
        parsed = new FanOutCase(0, 0);
        var parts = text.Split('x');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var subscribers)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rate)
            || subscribers is < 1 or > LatencyCommand.MaxSubscribers
            || rate is < 1 or > 100_000)
        {
            return false;
        }

        parsed = new FanOutCase(subscribers, rate);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Subscribers} x {Rate}/s");
}

/// <summary>One run against one server.</summary>
internal sealed record FanOutRun(string Server, FanOutCase Case, int Round, int Expected, BroadcastResult Result)
{
    public double DeliveredPercent => 100.0 * Result.Delivered / Expected;

    public double PerCpuSecond => Result.Delivered / Result.ServerCpuSeconds;
}

/// <summary>What one message to many costs: deliveries per second of the server's CPU, beside SignalR and a bare loop over the framework's WebSockets.</summary>
internal static class FanOutCommand
{
    private const int WarmUpSeconds = 3;

    public static async Task RunAsync(FanOutOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var dashboardRedis = await RedisServer.StartNewAsync();
        await using var rawRedis = await RedisServer.StartNewAsync();
        await using var signalRRedis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var dashboard = await ServerProcess.StartDashboardAsync(
            options.Server, database.ConnectionString, dashboardRedis.ConnectionString, cancellationToken);
        await using var raw = await PeerProcess.StartRawAsync(rawRedis, cancellationToken);
        await using var signalR = await PeerProcess.StartSignalRAsync(signalRRedis, cancellationToken);
        Target[] targets = [Target.Dashboard(dashboard, dashboardRedis), Target.Raw(raw, rawRedis), Target.SignalR(signalR, signalRRedis)];

        var runs = new List<FanOutRun>();
        foreach (var (size, number) in options.Cases.Select((size, number) => (size, number)))
        {
            foreach (var target in targets)
            {
                await MeasureAsync(target, size, options with { Seconds = WarmUpSeconds }, number, 0, cancellationToken);
            }

            for (var round = 1; round <= options.Rounds; round++)
            {
                foreach (var target in targets)
                {
                    runs.Add(await MeasureAsync(target, size, options, number, round, cancellationToken));
                }
            }
        }

        Write(runs, options);
        await Report.WriteAsync("fanout", machine, runs, options.Json, cancellationToken);
    }

    private static async Task<FanOutRun> MeasureAsync(
        Target target, FanOutCase size, FanOutOptions options, int number, int round, CancellationToken cancellationToken)
    {
        var load = new BroadcastLoad($"fanout-{number}-{round}", size.Subscribers, size.Rate, options.Seconds, options.Size);
        return new FanOutRun(target.Name, size, round, load.Expected, await Broadcast.MeasureAsync(target, load, cancellationToken));
    }

    private static void Write(List<FanOutRun> runs, FanOutOptions options)
    {
        string[] header = ["delivered %", "per CPU s", "p50 ms", "p99 ms", "max ms", "out of order", "published/s", "server CPU s"];
        var all = new Table(["run", .. header]);
        foreach (var run in runs)
        {
            all.Add($"{run.Server} {run.Case}, {run.Round}", Figures(run));
        }

        all.Write(Console.Out);
        var medians = new Table(["median", .. header]);
        foreach (var size in options.Cases)
        {
            var dashboard = Medians(runs, Target.DashboardName, size);
            medians.Add($"{Target.DashboardName} {size}", dashboard);
            foreach (var peer in new[] { Target.RawName, Target.SignalRName })
            {
                var figures = Medians(runs, peer, size);
                medians.Add($"{peer} {size}", figures);
                medians.Add($"  ratio to {peer}", [.. dashboard.Zip(figures, (d, p) => p == 0 ? double.NaN : d / p)]);
            }
        }

        medians.Write(Console.Out);
    }

    private static double[] Medians(List<FanOutRun> runs, string server, FanOutCase size)
    {
        var rows = runs.Where(run => run.Server == server && run.Case == size).Select(Figures).ToList();
        return [.. rows[0].Select((_, column) => rows.Select(row => row[column]).Median())];
    }

    private static double[] Figures(FanOutRun run) =>
    [
        run.DeliveredPercent, run.PerCpuSecond, run.Result.P50Ms, run.Result.P99Ms, run.Result.MaxMs, run.Result.OutOfOrder,
        run.Result.PublishedPerSecond, run.Result.ServerCpuSeconds,
    ];
}
