namespace GrooteDashboard.Domain.Analytics;

/// <summary>What one task adds to every group that it belongs to: worked out once.</summary>
/// <param name="Sums">Its counts and sums.</param>
/// <param name="Duration">Bucket of the histogram; null where it is not known, as the others.</param>
/// <param name="QueueTime">Bucket of the histogram.</param>
/// <param name="Cost">Bucket of the histogram.</param>
public readonly record struct TaskAddend(TaskSums Sums, int? Duration, int? QueueTime, int? Cost)
{
    /// <param name="task">The task.</param>
    /// <param name="sign">1 to add it, −1 to take it out.</param>
    public static TaskAddend Of(in TaskFacts task, int sign) =>
        new(TaskSums.Of(task, sign), BucketOf(task.Duration), BucketOf(task.QueueTime), BucketOf(task.CostUsd));

    private static int? BucketOf(decimal? value) => value is { } known ? LogHistogram.BucketOf((double)known) : null;
}
