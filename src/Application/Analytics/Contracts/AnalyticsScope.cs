namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>Which tasks are asked about.</summary>
/// <param name="From">Created at or after; null for the default of the question.</param>
/// <param name="To">Created before; null for now.</param>
/// <param name="Zone">In which days begin.</param>
/// <param name="Filters">Only tasks that have one of the values, in every dimension that is named.</param>
public sealed record AnalyticsScope(
    DateTimeOffset? From, DateTimeOffset? To, TimeZoneInfo Zone, IReadOnlyDictionary<Dimension, IReadOnlyList<string>> Filters)
{
    /// <summary>How long a range may be: ten years.</summary>
    public const int MaxDays = 3_660;

    /// <summary>Values of one filter.</summary>
    public const int MaxValues = 50;

    /// <summary>Buckets of an answer.</summary>
    public const int MaxBuckets = 10_000;

    /// <summary>Named values in an answer.</summary>
    public const int MaxTop = 100;

    public static AnalyticsScope Everything { get; } = new(null, null, TimeZoneInfo.Utc, TaskQuestion.NoFilters);
}
