using System.Diagnostics;
using System.Globalization;

namespace GrooteDashboard.Testing.Checking;

/// <summary>
/// Numbered output to many tasks, clients that watch them, and a service that is hurt meanwhile. Afterwards: does every client have, per
/// channel, all of it once and in order, or exactly the gaps that it was told of; does <c>fill</c> close them; and does the store hold all
/// that was acknowledged?
/// </summary>
public static class Checker
{
    private const int ChannelsPerClient = 2;

    /// <summary>After the end of the run everything has so long to come to rest.</summary>
    private static readonly TimeSpan SettleDeadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);
    private static readonly ParallelOptions FewAtOnce = new() { MaxDegreeOfParallelism = 4 };

    /// <summary>Runs it on an empty database and a Redis of its own.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="postgres">Connection string of the database.</param>
    /// <param name="server">Folder of the built server.</param>
    /// <param name="progress">A line now and then.</param>
    /// <param name="cancellationToken">Stops it, and everything that it started.</param>
    public static async Task<CheckResult> RunAsync(
        CheckOptions options, string postgres, DirectoryInfo server, TextWriter progress, CancellationToken cancellationToken)
    {
        await using var cluster = await Cluster.StartAsync(options.Instances, postgres, server, cancellationToken);
        var clock = new Stopwatch();
        var run = new Run(options, cluster, new Findings(() => clock.Elapsed));
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        foreach (var taskId in run.Tasks)
        {
            await cluster.Instances[0].RegisterTaskAsync(taskId, cancellationToken);
        }

        var clients = Task.WhenAll(run.Clients.Select(client => Task.Run(() => client.RunAsync(watching.Token), CancellationToken.None)));
        try
        {
            await Probe.Until(() => run.Channels.All(channel => channel.IsSubscribed), "every client is subscribed");
            clock.Start();
            using var reporting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reports = ReportAsync(run, clock, progress, reporting.Token);
            var producing = ProduceAsync(run, cancellationToken);
            await run.Injector.RunAsync(cancellationToken);
            await producing;
            await progress.WriteLineAsync("Everything is produced; waiting for rest.");
            var logs = await SettleAsync(run, clock, cancellationToken);
            await reporting.CancelAsync();
            await reports.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await watching.CancelAsync();
            await clients;
            return await VerifyAsync(run, logs, cancellationToken);
        }
        finally
        {
            await watching.CancelAsync();
            await clients.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ProduceAsync(Run run, CancellationToken cancellationToken)
    {
        var length = TimeSpan.FromSeconds(run.Options.Seconds);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(length + SettleDeadline);
        var redis = run.Series.Where(series => series.Producer != Run.Http).ToList();
        List<Task> producers =
        [
            Task.Factory.StartNew(
                () =>
                {
                    if (run.Options.Producer == ProducerKind.PubSub)
                    {
                        Producers.Publish(redis, run.Cluster.Redis, run.Findings, deadline.Token);
                    }
                    else
                    {
                        Producers.AppendToStream(redis, run.Cluster.Redis, run.Findings, deadline.Token);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default),
            .. run.Series.Where(series => series.Producer == Run.Http)
                .Select((series, i) => Producers.PostAsync(series, run.Cluster, i, run.Findings, SettleDeadline, deadline.Token)),
        ];
        try
        {
            await Task.WhenAll(producers);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            foreach (var series in run.Series.Where(series => !series.IsComplete))
            {
                run.Findings.Add(
                    FindingKind.Stuck, series.TaskId, $"{series.Producer}{series.Acknowledged + 1} to {series.Producer}{series.Total} were not acknowledged: {e.Message}");
            }
        }
    }

    /// <summary>Waits until the store holds everything and every client has reached the end of it; says who does not.</summary>
    private static async Task<Dictionary<string, List<string>>> SettleAsync(Run run, Stopwatch clock, CancellationToken cancellationToken)
    {
        var deadline = clock.Elapsed + SettleDeadline;
        var logs = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var taskId in run.Tasks)
        {
            // With PUBLISH nobody knows how much there ought to be: the log is complete when it stays as it is.
            var expected = run.Series.Where(series => series.TaskId == taskId).Sum(series => series.Total);
            List<string> log;
            do
            {
                log = await Verification.ReadLogAsync(run.Cluster, run.Tasks.Count, taskId, run.Findings, cancellationToken);
            }
            while (run.Options.Producer == ProducerKind.Lossless
                && log.Count(key => Series.TryParse(key, out _, out _)) < expected && clock.Elapsed < deadline);
            logs[taskId] = log;
        }

        try
        {
            await Probe.Until(
                () => run.Channels.All(channel => channel.Offset >= logs[Run.TaskOf(channel)].Count || clock.Elapsed > deadline),
                "every client has everything",
                SettleDeadline + SettleDeadline);
        }
        catch (TimeoutException)
        {
            // Told below, client by client.
        }

        foreach (var channel in run.Channels.Where(channel => channel.Offset < logs[Run.TaskOf(channel)].Count))
        {
            run.Findings.Add(
                FindingKind.Stuck, channel.Where, $"stands at {channel.Offset}, the log ends at {logs[Run.TaskOf(channel)].Count}; subscribed: {channel.IsSubscribed}");
        }

        return logs;
    }

    private static async Task<CheckResult> VerifyAsync(Run run, Dictionary<string, List<string>> logs, CancellationToken cancellationToken)
    {
        var findings = run.Findings;
        foreach (var taskId in run.Tasks)
        {
            var series = run.Series.Where(s => s.TaskId == taskId).ToList();
            Verification.CheckStore(taskId, logs[taskId], series, run.Options.Producer == ProducerKind.PubSub, findings);
        }

        long filled = 0;
        var holes = 0;
        await Parallel.ForEachAsync(run.Channels, FewAtOnce, async (channel, _) =>
            Interlocked.Add(ref filled, await Verification.FillAsync(run.Cluster, channel.Where.Length, channel, findings, cancellationToken)));
        var bySeries = run.Series.ToLookup(series => series.TaskId);
        foreach (var channel in run.Channels)
        {
            Verification.CheckClient(channel, logs[Run.TaskOf(channel)], findings);
            if (run.Options.Producer == ProducerKind.PubSub)
            {
                holes += bySeries[Run.TaskOf(channel)].Sum(series => Verification.CheckInterruptions(channel, series, findings));
            }
        }

        var arrivals = run.Channels.SelectMany(channel => channel.History.Select(arrival =>
            new TraceEvent(arrival.At, channel.Where, "received", string.Create(CultureInfo.InvariantCulture, $"{arrival.Offset} {arrival.Content}"))));
        return new CheckResult
        {
            Published = run.Series.Sum(series => series.Sent),
            Acknowledged = run.Series.Sum(series => series.Acknowledged - series.Unsure.Count),
            Stored = logs.Values.Sum(log => (long)log.Count),
            Delivered = run.Channels.Sum(channel => channel.Delivered),
            Reconnects = run.Clients.Sum(client => client.Connections - 1),
            Refused = run.Clients.Sum(client => client.Refused),
            Cuts = run.Injector.Cuts,
            Recovered = run.Channels.Sum(channel => channel.Recoveries),
            Restarts = run.Channels.Sum(channel => channel.Restarts),
            Gaps = run.Channels.SelectMany(channel => channel.GapReasons).GroupBy(gap => gap.Key, gap => gap.Value, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Sum(), StringComparer.Ordinal),
            Filled = filled,
            Holes = holes,
            Faults = run.Injector.Faults,
            Findings = findings.ToList(),
            Trace = [.. findings.Events().Concat(arrivals).OrderBy(line => line.At)],
            ServerLogs = [.. run.Cluster.Instances.Select(instance => instance.Log)],
        };
    }

    private static async Task ReportAsync(Run run, Stopwatch clock, TextWriter progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(ReportInterval, cancellationToken);
            await progress.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{clock.Elapsed.TotalSeconds,5:0} s: sent {run.Series.Sum(series => series.Sent):N0}, acknowledged {run.Series.Sum(series => series.Acknowledged):N0}, "
                + $"delivered {run.Channels.Sum(channel => channel.Delivered):N0}, connected {run.Clients.Count(client => client.IsConnected)} of {run.Clients.Count}, findings {run.Findings.ToList().Count}"));
        }
    }

    /// <summary>Everybody who takes part.</summary>
    private sealed class Run
    {
        public const char Http = 'h';
        private const char Stream = 's';
        private const char PubSub = 'p';
        private const string Prefix = "task:";

        public Run(CheckOptions options, Cluster cluster, Findings findings)
        {
            (Options, Cluster, Findings) = (options, cluster, findings);
            Tasks = [.. Enumerable.Range(0, options.Tasks).Select(i => string.Create(CultureInfo.InvariantCulture, $"check-{i}"))];
            char[] producers = options.Producer == ProducerKind.PubSub ? [PubSub] : [Stream, Http];
            var each = options.Tasks * producers.Length;
            var interval = TimeSpan.FromSeconds((double)each / options.Rate);
            var total = Math.Max(1, options.Rate * options.Seconds / each);
            Series =
            [
                .. Tasks.SelectMany((taskId, i) => producers.Select((producer, p) =>
                    new Series(taskId, producer, total, interval, interval * ((i * producers.Length) + p) / each))),
            ];
            Clients =
            [
                .. Enumerable.Range(0, options.Tasks * options.ClientsPerTask).Select(number => new WatchingClient(
                    number, cluster, WatchedBy(number), findings, options.Seed)),
            ];
            Channels = [.. Clients.SelectMany(client => client.Channels)];
            Injector = new FaultInjector(options, cluster, Clients, findings);
        }

        public CheckOptions Options { get; }

        public Cluster Cluster { get; }

        public Findings Findings { get; }

        public IReadOnlyList<string> Tasks { get; }

        public IReadOnlyList<Series> Series { get; }

        public IReadOnlyList<WatchingClient> Clients { get; }

        /// <summary>Of all clients.</summary>
        public IReadOnlyList<ChannelRecord> Channels { get; }

        public FaultInjector Injector { get; }

        public static string TaskOf(ChannelRecord channel) => channel.Channel[Prefix.Length..];

        /// <summary>Its own task, and one of another part of the list.</summary>
        private List<ChannelRecord> WatchedBy(int number) =>
        [
            .. Enumerable.Range(0, ChannelsPerClient).Select(i => (number + (i * Options.Tasks / ChannelsPerClient)) % Options.Tasks).Distinct()
                .Select(task => new ChannelRecord(Prefix + Tasks[task], $"client {number}", Findings)),
        ];
    }
}
