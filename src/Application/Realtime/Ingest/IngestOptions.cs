using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>How patient the ingest is (section <c>Ingest</c>).</summary>
public sealed class IngestOptions
{
    public const string Section = "Ingest";

    /// <summary>The first pause before what failed is tried again; it doubles up to <see cref="MaxRetryDelay"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a message is tried that fails for a reason which waiting does not cure. Where waiting does, it is tried for ever.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 5;
}
