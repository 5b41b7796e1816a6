namespace GrooteDashboard.Api.Hosting;

internal enum MetricKind
{
    /// <summary>Only grows, from 0 at the start of the process.</summary>
    Counter,

    /// <summary>A value of now.</summary>
    Gauge,

    Histogram,
}

/// <summary>One instrument with all its values at one moment.</summary>
/// <param name="Name">Name of the instrument, such as <c>realtime.bytes.sent</c>.</param>
/// <param name="Unit">Its unit in UCUM, such as <c>By</c>, <c>s</c> or <c>{frame}</c>; may be empty.</param>
/// <param name="Description">What it says, for people.</param>
/// <param name="Kind">What its values mean.</param>
/// <param name="Samples">A value for each combination of tags.</param>
internal sealed record MetricFamily(string Name, string Unit, string Description, MetricKind Kind, IReadOnlyList<MetricSample> Samples);

/// <param name="Tags">By name, in the order of the instrument.</param>
/// <param name="Value">Of a counter or a gauge; the sum of a histogram.</param>
/// <param name="Buckets">Of a histogram.</param>
internal sealed record MetricSample(IReadOnlyList<KeyValuePair<string, string>> Tags, double Value, IReadOnlyList<MetricBucket> Buckets)
{
    /// <summary>How many values a histogram has seen.</summary>
    public long Count => Buckets.Count == 0 ? 0 : Buckets[^1].Count;
}

/// <param name="UpperBound">Inclusive; infinity for the last bucket.</param>
/// <param name="Count">Values up to there: those of smaller buckets are included.</param>
internal readonly record struct MetricBucket(double UpperBound, long Count);
