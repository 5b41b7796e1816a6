namespace GrooteDashboard.Domain.Tasks;

/// <summary>What the run of a task comes to. Nothing as long as it has not ended, and for a task that never ran.</summary>
/// <param name="Runs">1 for a run that has ended, else 0.</param>
/// <param name="CostUsd">US dollars.</param>
/// <param name="DurationSeconds">As reported, else completed − started.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="CompletedAt">When it ended.</param>
public readonly record struct RunTotals(int Runs, decimal CostUsd, double DurationSeconds, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt)
{
    public static RunTotals None => default;

    /// <summary>
    /// Of a run that has ended. Its own times count in whole microseconds, which is what a store keeps: read again, the run comes to exactly the same.
    /// </summary>
    public static RunTotals Of(decimal costUsd, double? reportedSeconds, DateTimeOffset startedAt, DateTimeOffset completedAt) => new(
        1,
        costUsd,
        reportedSeconds ?? Math.Max(0, (Microseconds(completedAt) - Microseconds(startedAt)) / 1e6),
        startedAt,
        completedAt);

    private static long Microseconds(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerMicrosecond;
}
