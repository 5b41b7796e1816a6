using GrooteDashboard.Api.Hosting;
using GrooteDashboard.Application.System.Queries;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>What one process says of itself at one moment. Totals count from its start: two answers give a rate.</summary>
/// <param name="At">When it was read.</param>
/// <param name="Instance">Which process answers: behind a balancer, answers that follow each other may be of several.</param>
/// <param name="Version">Its version.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Status">healthy or degraded, as in /api/health.</param>
/// <param name="Components">State of the parts by name, as in /api/health.</param>
/// <param name="Now">Values of now.</param>
/// <param name="Totals">Counts since the start.</param>
/// <param name="Lag">From publish to the socket, in seconds, since the start: buckets that include the smaller ones.</param>
internal sealed record SystemFigures(
    DateTimeOffset At,
    string Instance,
    string Version,
    DateTimeOffset StartedAt,
    string Status,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, object>> Components,
    SystemFigures.Gauges Now,
    SystemFigures.Counters Totals,
    IReadOnlyList<SystemFigures.Bucket> Lag)
{
    /// <param name="Le">Upper bound, inclusive; null for the last, which has none.</param>
    /// <param name="Count">Values up to there.</param>
    internal readonly record struct Bucket(double? Le, long Count);

    internal sealed record Gauges(
        int Connections,
        int Subscriptions,
        long QueueLength,
        long LogPendingBytes,
        long WorkingSetBytes,
        long HeapBytes,
        long ThreadPoolQueue);

    internal sealed record Counters(
        long FramesEncoded,
        long FramesSent,
        long BytesSent,
        long RowsStored,
        long StoreFailures,
        long Requests,
        double CpuSeconds,
        IReadOnlyDictionary<string, long> Dropped,
        IReadOnlyDictionary<string, long> Gaps,
        IReadOnlyDictionary<string, long> Disconnects,
        IReadOnlyDictionary<string, long> Refused,
        IReadOnlyDictionary<string, long> Recoveries,
        IReadOnlyDictionary<string, long> Ingested);

    /// <summary>What these metrics and this health say; an instrument that has no value yet is 0.</summary>
    public static SystemFigures From(
        IReadOnlyList<MetricFamily> metrics, ServiceHealth health, Telemetry telemetry, string version, string status,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, object>> components, DateTimeOffset now)
    {
        var families = metrics.ToLookup(family => family.Name);
        return new SystemFigures(
            now,
            telemetry.InstanceId,
            version,
            telemetry.StartedAt,
            status,
            components,
            new Gauges(
                health.Connections,
                health.Subscriptions,
                health.QueueLength,
                Sum("dashboard.task_log.pending"),
                Sum("dotnet.process.memory.working_set"),
                Sum("dotnet.gc.last_collection.heap.size"),
                Sum("dashboard.process.thread_pool.queue")),
            new Counters(
                Sum("realtime.frames.encoded"),
                Sum("realtime.frames.sent"),
                Sum("realtime.bytes.sent"),
                Sum("dashboard.task_log.rows_stored"),
                Sum("dashboard.task_log.store_failures"),
                Of("http.server.request.duration").Sum(sample => sample.Count),
                Of("dotnet.process.cpu.time").Sum(sample => sample.Value),
                By("realtime.frames.dropped", "reason"),
                By("realtime.gaps", "reason"),
                By("realtime.disconnects", "code"),
                By("realtime.connections.refused", "status"),
                By("realtime.recoveries", "outcome"),
                By("dashboard.ingest.messages", "outcome")),
            [.. Of("realtime.lag").SelectMany(sample => sample.Buckets)
                .Select(bucket => new Bucket(double.IsInfinity(bucket.UpperBound) ? null : bucket.UpperBound, bucket.Count))]);

        IEnumerable<MetricSample> Of(string name) => families[name].SelectMany(family => family.Samples);

        long Sum(string name) => (long)Of(name).Sum(sample => sample.Value);

        Dictionary<string, long> By(string name, string tag) => Of(name)
            .GroupBy(sample => sample.Tags.FirstOrDefault(pair => pair.Key == tag).Value ?? "", sample => sample.Value)
            .ToDictionary(group => group.Key, group => (long)group.Sum());
    }
}
