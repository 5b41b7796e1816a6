using System.Globalization;
using GrooteDashboard.Performance.Load;
using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

/// <param name="Connections">How many.</param>
/// <param name="Channels">That they are spread over.</param>
/// <param name="Settle">Seconds until the CPU is looked at: what runs once a second is compiled anew after half a minute.</param>
/// <param name="Seconds">How long it is looked at.</param>
/// <param name="Server">Folder of the server.</param>
/// <param name="Json">Where every run is written for other programs, if anywhere.</param>
internal sealed record IdleOptions(int Connections, int Channels, int Settle, int Seconds, DirectoryInfo Server, FileInfo? Json);

/// <summary>
/// What idle connections cost one server. Memory per connection is the slope between a tenth of them and all, so that what the server needs
/// anyway is not part of it.
/// </summary>
/// <param name="Server">Its name.</param>
/// <param name="Connections">How many.</param>
/// <param name="ResidentMegabytesBefore">Of the process with a tenth of them, at rest.</param>
/// <param name="ResidentMegabytes">With all of them.</param>
/// <param name="LiveMegabytesBefore">What is alive after a full collection, with a tenth of them.</param>
/// <param name="LiveMegabytes">With all of them.</param>
/// <param name="ResidentMegabytesCollected">Of the process after that collection.</param>
/// <param name="CpuPercent">Of one core, with all of them, doing nothing.</param>
/// <param name="Ended">Connections that did not last.</param>
internal sealed record IdleRun(
    string Server,
    int Connections,
    double ResidentMegabytesBefore,
    double ResidentMegabytes,
    double LiveMegabytesBefore,
    double LiveMegabytes,
    double ResidentMegabytesCollected,
    double CpuPercent,
    int Ended)
{
    private int Added => Connections - (Connections / IdleCommand.FirstShare);

    public double ResidentKilobytesEach => (ResidentMegabytes - ResidentMegabytesBefore) * 1024 / Added;

    public double LiveKilobytesEach => (LiveMegabytes - LiveMegabytesBefore) * 1024 / Added;
}

/// <summary>Memory and CPU of a server that many idle clients are connected to, beside SignalR and the framework's bare WebSockets.</summary>
internal static class IdleCommand
{
    /// <summary>The first measurement is taken with one part of this.</summary>
    public const int FirstShare = 10;

    private const double Megabyte = 1024 * 1024;

    public static async Task RunAsync(IdleOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);
        await using var redis = await RedisServer.StartNewAsync();

        var runs = new List<IdleRun>();
        await using (var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken))
        {
            runs.Add(await MeasureAsync(Target.Dashboard(server, redis), LiveBytesOfDashboardAsync, options, cancellationToken));
        }

        await using (var server = await PeerProcess.StartRawAsync(redis, cancellationToken))
        {
            runs.Add(await MeasureAsync(Target.Raw(server, redis), LiveBytesOfPeerAsync, options, cancellationToken));
        }

        await using (var server = await PeerProcess.StartSignalRAsync(redis, cancellationToken))
        {
            runs.Add(await MeasureAsync(Target.SignalR(server, redis), LiveBytesOfPeerAsync, options, cancellationToken));
        }

        Write(runs);
        await Report.WriteAsync("idle", machine, runs, options.Json, cancellationToken);
    }

    private static async Task<IdleRun> MeasureAsync(
        Target target, Func<ServerProcess, CancellationToken, Task<double>> readLiveBytes, IdleOptions options, CancellationToken cancellationToken)
    {
        var channels = Enumerable.Range(0, options.Channels).Select(i => string.Create(CultureInfo.InvariantCulture, $"task:idle-{i}")).ToArray();
        using var crowd = new IdleCrowd();
        await crowd.GrowAsync(target, channels, options.Connections / FirstShare, isReading: true, cancellationToken);
        var residentBefore = (await Rest.OfAsync(target.Server, cancellationToken)).ResidentMegabytes;
        var liveBefore = await readLiveBytes(target.Server, cancellationToken) / Megabyte;

        await crowd.GrowAsync(target, channels, options.Connections, isReading: true, cancellationToken);
        var resident = (await Rest.OfAsync(target.Server, cancellationToken)).ResidentMegabytes;
        await Task.Delay(TimeSpan.FromSeconds(options.Settle), cancellationToken);
        var cpu = target.Server.Usage.CpuSeconds;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), cancellationToken);
        cpu = target.Server.Usage.CpuSeconds - cpu;
        var live = await readLiveBytes(target.Server, cancellationToken) / Megabyte;
        return new IdleRun(
            target.Name,
            crowd.Count,
            residentBefore,
            resident,
            liveBefore,
            live,
            (await Rest.OfAsync(target.Server, cancellationToken)).ResidentMegabytes,
            100 * cpu / options.Seconds,
            crowd.Ended);
    }

    /// <summary>What a full collection left, without the holes in it.</summary>
    private static async Task<double> LiveBytesOfDashboardAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        const string Collections = "dotnet_gc_collections_total";
        const string Oldest = "gen2";
        var before = await ServerMetrics.SumAsync(server, Collections, Oldest, cancellationToken);
        await RuntimeDiagnostics.CollectAsync(
            server.ProcessId, async token => await ServerMetrics.SumAsync(server, Collections, Oldest, token) > before, cancellationToken);
        return await ServerMetrics.SumAsync(server, "dotnet_gc_last_collection_heap_size_bytes", "", cancellationToken)
            - await ServerMetrics.SumAsync(server, "dotnet_gc_last_collection_heap_fragmentation_size_bytes", "", cancellationToken);
    }

    private static async Task<double> LiveBytesOfPeerAsync(ServerProcess server, CancellationToken cancellationToken) =>
        double.Parse(await server.Http.GetStringAsync(LiveBytes.Path, cancellationToken), CultureInfo.InvariantCulture);

    private static void Write(List<IdleRun> runs)
    {
        var table = new Table(
            "server", "connections", "KB each (resident)", "KB each (live)", "CPU % of a core", "resident MB before", "resident MB", "after a collection", "live MB before", "live MB", "ended");
        foreach (var run in runs)
        {
            table.Add(
                run.Server,
                run.Connections,
                run.ResidentKilobytesEach,
                run.LiveKilobytesEach,
                run.CpuPercent,
                run.ResidentMegabytesBefore,
                run.ResidentMegabytes,
                run.ResidentMegabytesCollected,
                run.LiveMegabytesBefore,
                run.LiveMegabytes,
                run.Ended);
        }

        table.Write(Console.Out);
    }
}
