using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>The way in from Redis (section <c>Redis</c>; the connection itself is <c>ConnectionStrings:Redis</c> or <c>REDIS_URL</c>).</summary>
public sealed class RedisOptions
{
    public const string Section = "Redis";

    /// <summary>Published messages that wait to be taken in, at most. What comes beyond it is dropped, counted and announced.</summary>
    [Range(1, 10_000_000)]
    public int InboxCapacity { get; init; } = 200_000;

    /// <summary>Bytes of published messages that wait to be taken in, at most.</summary>
    [Range(1_024, 1L << 32)]
    public long InboxMaxBytes { get; init; } = 128L << 20;

    /// <summary>The consumer group in which the position on the stream <c>task_events</c> is kept.</summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public string Group { get; init; } = "groote-dashboard";

    /// <summary>Where a new group begins: <c>0</c> is the beginning of the stream, <c>$</c> its end, or an entry's id.</summary>
    [Required, RegularExpression(@"^(\$|\d{1,20}(-\d{1,20})?)$", ErrorMessage = "StreamStart must be 0, $ or the id of an entry.")]
    public string StreamStart { get; init; } = "0";

    /// <summary>Stream entries per read, at most.</summary>
    [Range(1, 10_000)]
    public int ReadCount { get; init; } = 500;

    /// <summary>Stream entries that were taken but not acknowledged, at most; beyond it, reading waits.</summary>
    [Range(1, 1_000_000)]
    public int MaxUnacknowledged { get; init; } = 10_000;

    /// <summary>How long Redis may take to answer before the connection counts as gone.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first pause before a reconnect; it doubles up to <see cref="MaxRetryDelay"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a stopping server goes on taking in what had arrived.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
