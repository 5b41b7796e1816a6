using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

internal sealed record SlowOptions(int Readers, int Slow, int Rate, int Seconds, int Size, int Rounds, DirectoryInfo Server, FileInfo? Json);

/// <summary>One run: the readers' figures, and the server's memory meanwhile.</summary>
/// <param name="Slow">Clients that subscribed and never read.</param>
/// <param name="Round">Its number.</param>
/// <param name="Expected">What the readers ought to get.</param>
/// <param name="Readers">What they got.</param>
/// <param name="ResidentMegabytesBefore">When all were connected.</param>
/// <param name="ResidentMegabytesMax">The most it was.</param>
/// <param name="ResidentMegabytesAfter">When everything was delivered.</param>
/// <param name="Cut">Clients that were cut for taking nothing (4008).</param>
/// <param name="CatchUps">How often a client's queue had no room for the next frame.</param>
internal sealed record SlowRun(
    int Slow,
    int Round,
    int Expected,
    BroadcastResult Readers,
    double ResidentMegabytesBefore,
    double ResidentMegabytesMax,
    double ResidentMegabytesAfter,
    double Cut,
    double CatchUps)
{
    public double DeliveredPercent => 100.0 * Readers.Delivered / Expected;
}

/// <summary>Clients that do not read, among clients that do: the others lose nothing and wait no longer, and the server's memory stays bounded.</summary>
internal static class SlowCommand
{
    /// <summary>What may wait for one client, as the server has it without further settings.</summary>
    private const double OutboxMegabytes = 1;

    private const int WarmUpSeconds = 3;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(250);

    public static async Task RunAsync(SlowOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var redis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var server = await ServerProcess.StartDashboardAsync(
            options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken);
        var target = Target.Dashboard(server, redis);

        await MeasureAsync(target, options with { Seconds = WarmUpSeconds }, 0, 0, cancellationToken);
        var runs = new List<SlowRun>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var slow in new[] { 0, options.Slow })
            {
                runs.Add(await MeasureAsync(target, options, slow, round, cancellationToken));
            }
        }

        Write(runs, options);
        await Report.WriteAsync("slow", machine, runs, options.Json, cancellationToken);
    }

    private static async Task<SlowRun> MeasureAsync(Target target, SlowOptions options, int slow, int round, CancellationToken cancellationToken)
    {
        var load = new BroadcastLoad($"slow-{slow}-{round}", options.Readers, options.Rate, options.Seconds, options.Size);
        using var crowd = new IdleCrowd();
        await crowd.GrowAsync(target, [$"task:{load.Task}"], slow, isReading: false, cancellationToken);
        var cut = await CountAsync("realtime_disconnects_total", "\"4008\"");
        var catchUps = await CountAsync("realtime_catch_ups_started_total", "");
        var before = target.Server.Usage.ResidentMegabytes;
        using var measuring = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var most = MaxResidentAsync(target.Server, measuring.Token);
        var result = await Broadcast.MeasureAsync(target, load, cancellationToken);
        await measuring.CancelAsync();
        return new SlowRun(
            slow,
            round,
            load.Expected,
            result,
            before,
            await most,
            target.Server.Usage.ResidentMegabytes,
            await CountAsync("realtime_disconnects_total", "\"4008\"") - cut,
            await CountAsync("realtime_catch_ups_started_total", "") - catchUps);

        Task<double> CountAsync(string name, string label) => ServerMetrics.SumAsync(target.Server, name, label, cancellationToken);
    }

    private static async Task<double> MaxResidentAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var most = 0.0;
        while (!cancellationToken.IsCancellationRequested)
        {
            most = Math.Max(most, server.Usage.ResidentMegabytes);
            await Task.Delay(SampleInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return most;
    }

    private static void Write(List<SlowRun> runs, SlowOptions options)
    {
        var table = new Table(
            "run", "delivered %", "p50 ms", "p99 ms", "max ms", "out of order", "RSS MB before", "max", "after", "growth", "cut (4008)", "catch-ups", "server CPU s");
        foreach (var run in runs)
        {
            table.Add(
                $"{options.Readers} readers, {run.Slow} not reading, {run.Round}",
                run.DeliveredPercent,
                run.Readers.P50Ms,
                run.Readers.P99Ms,
                run.Readers.MaxMs,
                run.Readers.OutOfOrder,
                run.ResidentMegabytesBefore,
                run.ResidentMegabytesMax,
                run.ResidentMegabytesAfter,
                run.ResidentMegabytesMax - run.ResidentMegabytesBefore,
                run.Cut,
                run.CatchUps,
                run.Readers.ServerCpuSeconds);
        }

        table.Write(Console.Out);
        var (without, with) = (runs.Where(run => run.Slow == 0).ToList(), runs.Where(run => run.Slow > 0).ToList());
        var medians = new Table("median", "without", "with", "ratio");
        AddRatio("p99 ms", run => run.Readers.P99Ms);
        AddRatio("p50 ms", run => run.Readers.P50Ms);
        AddRatio("server CPU s", run => run.Readers.ServerCpuSeconds);
        AddRatio("growth MB", run => run.ResidentMegabytesMax - run.ResidentMegabytesBefore);
        medians.Write(Console.Out);
        Console.Out.WriteLine($"Bound of what may wait for clients that do not read: {options.Slow} x {OutboxMegabytes} MB = {options.Slow * OutboxMegabytes} MB");

        void AddRatio(string name, Func<SlowRun, double> figure)
        {
            var (a, b) = (without.Select(figure).Median(), with.Select(figure).Median());
            medians.Add(name, a, b, b / a);
        }
    }
}
