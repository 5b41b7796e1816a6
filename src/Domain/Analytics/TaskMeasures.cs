namespace GrooteDashboard.Domain.Analytics;

/// <summary>What a group of tasks comes to: its sums, and histograms where quantiles are wanted. Groups can be added up.</summary>
public sealed class TaskMeasures
{
    /// <param name="withHistograms">Whether quantiles are wanted.</param>
    public TaskMeasures(bool withHistograms)
    {
        if (withHistograms)
        {
            (Durations, QueueTimes, Costs) = (new LogHistogram(), new LogHistogram(), new LogHistogram());
        }
    }

    public TaskSums Sums { get; private set; }

    /// <summary>Seconds of runs; null where quantiles are not wanted.</summary>
    public LogHistogram? Durations { get; }

    /// <summary>Seconds in the queue; null where quantiles are not wanted.</summary>
    public LogHistogram? QueueTimes { get; }

    /// <summary>US dollars of the tasks whose cost is known; null where quantiles are not wanted.</summary>
    public LogHistogram? Costs { get; }

    /// <summary>Whether it is as if no task had ever been added.</summary>
    public bool IsEmpty => Sums == default && (Durations?.IsEmpty ?? true) && (QueueTimes?.IsEmpty ?? true) && (Costs?.IsEmpty ?? true);

    /// <summary>All of them together, with histograms.</summary>
    public static TaskMeasures Total(IEnumerable<TaskMeasures> groups)
    {
        var total = new TaskMeasures(withHistograms: true);
        foreach (var group in groups)
        {
            total.Add(group);
        }

        return total;
    }

    /// <summary>Whether both come to exactly the same, in every bucket of their histograms.</summary>
    public bool IsSameAs(TaskMeasures other) =>
        Sums == other.Sums && Same(Durations, other.Durations) && Same(QueueTimes, other.QueueTimes) && Same(Costs, other.Costs);

    /// <param name="task">The task.</param>
    /// <param name="sign">1 to add it, −1 to take it out.</param>
    public void Add(in TaskFacts task, int sign) => Add(TaskAddend.Of(task, sign));

    public void Add(in TaskAddend task)
    {
        Sums += task.Sums;
        if (Durations is null)
        {
            return;
        }

        var sign = task.Sums.Tasks;
        if (task.Duration is { } duration)
        {
            Durations.AddTo(duration, sign);
        }

        if (task.QueueTime is { } queueTime)
        {
            QueueTimes!.AddTo(queueTime, sign);
        }

        if (task.Cost is { } cost)
        {
            Costs!.AddTo(cost, sign);
        }
    }

    /// <param name="sums">Of a group.</param>
    /// <param name="sign">1 to add it, −1 to take it out.</param>
    public void Add(in TaskSums sums, int sign = 1) => Sums += sign < 0 ? -sums : sums;

    public void Add(TaskMeasures other)
    {
        Sums += other.Sums;
        if (other.Durations is not null)
        {
            Durations?.Add(other.Durations);
            QueueTimes?.Add(other.QueueTimes!);
            Costs?.Add(other.Costs!);
        }
    }

    private static bool Same(LogHistogram? one, LogHistogram? other) =>
        one is null || other is null || one.Buckets().SequenceEqual(other.Buckets());
}
