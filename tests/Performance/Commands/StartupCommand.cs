using GrooteDashboard.Performance.Measuring;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Commands;

internal sealed record StartupOptions(int Rounds, DirectoryInfo Server, FileInfo? Json);

/// <summary>
/// One start of one server. Times and CPU from the start of its process to the first answer that it is ready, and on to the first page
/// of tasks, which the bare server does not have; memory at rest after that.
/// </summary>
internal sealed record Start(
    string Server,
    int Round,
    double ReadySeconds,
    double ReadyCpuSeconds,
    double? FirstPageSeconds,
    double ResidentMegabytes,
    double PrivateMegabytes);

/// <summary>Cold start and memory at rest.</summary>
internal static class StartupCommand
{
    private const string Dashboard = "dashboard";
    private const string Empty = "dashboard, empty database";
    private const string Bare = "bare";
    private const int Tasks = 100;

    public static async Task RunAsync(StartupOptions options, CancellationToken cancellationToken)
    {
        await using var database = await PerformanceDatabase.CreateAsync(cancellationToken);
        await using var redis = await RedisServer.StartNewAsync();
        var machine = await Machine.DescribeAsync(database, cancellationToken);
        machine.Write(Console.Out);

        var starts = new List<Start>();
        // The first start migrates. It also warms the files of the framework and this program's HTTP client.
        await using (var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken))
        {
            starts.Add(await MeasureAsync(Empty, 1, server, cancellationToken));
            for (var i = 0; i < Tasks; i++)
            {
                await server.RegisterTaskAsync($"startup-{i}", cancellationToken);
            }
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            await using (var server = await ServerProcess.StartDashboardAsync(options.Server, database.ConnectionString, redis.ConnectionString, cancellationToken))
            {
                starts.Add(await MeasureAsync(Dashboard, round, server, cancellationToken));
            }

            await using (var server = await PeerProcess.StartBareAsync(cancellationToken))
            {
                starts.Add(await MeasureAsync(Bare, round, server, cancellationToken));
            }
        }

        Write(starts);
        await Report.WriteAsync("startup", machine, starts, options.Json, cancellationToken);
    }

    private static async Task<Start> MeasureAsync(string name, int round, ServerProcess server, CancellationToken cancellationToken)
    {
        var cpu = server.Usage.CpuSeconds;
        double? firstPage = null;
        if (name != Bare)
        {
            using var page = await server.Http.GetAsync("/api/tasks", cancellationToken);
            firstPage = server.Age.Elapsed.TotalSeconds;
            page.EnsureSuccessStatusCode();
        }

        var rest = await Rest.OfAsync(server, cancellationToken);
        return new Start(name, round, server.Startup.TotalSeconds, cpu, firstPage, rest.ResidentMegabytes, rest.PrivateMegabytes);
    }

    private static void Write(List<Start> starts)
    {
        var all = new Table("start", "ready s", "CPU s", "first page s", "resident MB", "private MB");
        foreach (var start in starts)
        {
            all.Add($"{start.Server} {start.Round}", Figures(start));
        }

        all.Write(Console.Out);
        var dashboard = Medians(starts, Dashboard);
        var bare = Medians(starts, Bare);
        var medians = new Table("median", "ready s", "CPU s", "first page s", "resident MB", "private MB");
        medians.Add(Dashboard, dashboard);
        medians.Add(Bare, bare);
        medians.Add("ratio", [.. dashboard.Zip(bare, (d, b) => d / b)]);
        medians.Write(Console.Out);
    }

    private static double[] Medians(List<Start> starts, string server)
    {
        var rows = starts.Where(start => start.Server == server).Select(Figures).ToList();
        return [.. rows[0].Select((_, column) => rows.Select(row => row[column]).Median())];
    }

    private static double[] Figures(Start start) =>
        [start.ReadySeconds, start.ReadyCpuSeconds, start.FirstPageSeconds ?? double.NaN, start.ResidentMegabytes, start.PrivateMegabytes];
}
