using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace GrooteDashboard.Api.Hosting;

/// <summary>Keeps what was collected last: OpenTelemetry reuses its own points, so they are copied.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class MetricSnapshots : BaseExporter<Metric>, IPullMetricExporter
{
    private volatile IReadOnlyList<MetricFamily> _latest = [];

    /// <summary>Set by the reader; its argument is a limit in milliseconds.</summary>
    public Func<int, bool>? Collect { get; set; }

    public IReadOnlyList<MetricFamily> Latest => _latest;

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new List<MetricFamily>((int)batch.Count);
        foreach (var metric in batch)
        {
            families.Add(Copy(metric));
        }

        _latest = families;
        return ExportResult.Success;
    }

    private static MetricFamily Copy(Metric metric)
    {
        var samples = new List<MetricSample>();
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            samples.Add(metric.MetricType == MetricType.Histogram
                ? new MetricSample(Tags(point), point.GetHistogramSum(), Buckets(point))
                : new MetricSample(Tags(point), Value(metric.MetricType, point), []));
        }

        return new MetricFamily(metric.Name, metric.Unit, metric.Description, Kind(metric.MetricType), samples);
    }

    private static MetricKind Kind(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => MetricKind.Counter,
        MetricType.Histogram => MetricKind.Histogram,
        _ => MetricKind.Gauge,
    };

    private static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        _ => throw new NotSupportedException($"No instrument is configured to be of type {type}."),
    };

    private static List<KeyValuePair<string, string>> Tags(in MetricPoint point)
    {
        var tags = new List<KeyValuePair<string, string>>(point.Tags.Count);
        foreach (var (name, value) in point.Tags)
        {
            tags.Add(new(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
        }

        return tags;
    }

    private static List<MetricBucket> Buckets(in MetricPoint point)
    {
        var buckets = new List<MetricBucket>();
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            buckets.Add(new MetricBucket(bucket.ExplicitBound, count));
        }

        return buckets;
    }
}
