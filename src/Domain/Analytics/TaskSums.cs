using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Domain.Analytics;

/// <summary>Counts and sums of a group of tasks. Sums are exact, so that a task can be taken out again without a trace.</summary>
/// <param name="Tasks">All of them.</param>
/// <param name="Queued">Those that wait in the queue.</param>
/// <param name="Running">Those that run.</param>
/// <param name="WaitingInput">Those that wait for somebody.</param>
/// <param name="Completed">Those that came to a good end.</param>
/// <param name="Failed">Those that did not.</param>
/// <param name="Cancelled">Those that were stopped.</param>
/// <param name="CostUsd">US dollars.</param>
/// <param name="InputTokens">Tokens read by models.</param>
/// <param name="OutputTokens">Tokens written by models.</param>
/// <param name="DurationCount">Tasks whose duration is known.</param>
/// <param name="DurationSeconds">Seconds of their runs.</param>
/// <param name="TurnaroundCount">Tasks that have ended.</param>
/// <param name="TurnaroundSeconds">Seconds from their registration to their end.</param>
/// <param name="QueueCount">Tasks that have begun.</param>
/// <param name="QueueSeconds">Seconds from their registration to their start.</param>
public readonly record struct TaskSums(
    long Tasks,
    long Queued,
    long Running,
    long WaitingInput,
    long Completed,
    long Failed,
    long Cancelled,
    decimal CostUsd,
    decimal InputTokens,
    decimal OutputTokens,
    long DurationCount,
    decimal DurationSeconds,
    long TurnaroundCount,
    decimal TurnaroundSeconds,
    long QueueCount,
    decimal QueueSeconds)
{
    /// <summary>Tasks that have ended, well or not.</summary>
    public long Ended => Completed + Failed + Cancelled;

    /// <summary>One task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="sign">1, or −1 to take it out.</param>
    public static TaskSums Of(in TaskFacts task, int sign) => new(
        sign,
        task.Status == AgentTaskStatus.Queued ? sign : 0,
        task.Status == AgentTaskStatus.Running ? sign : 0,
        task.Status == AgentTaskStatus.WaitingInput ? sign : 0,
        task.Status == AgentTaskStatus.Completed ? sign : 0,
        task.Status == AgentTaskStatus.Failed ? sign : 0,
        task.Status == AgentTaskStatus.Cancelled ? sign : 0,
        sign * (task.CostUsd ?? 0),
        sign * task.InputTokens,
        sign * task.OutputTokens,
        task.Duration is null ? 0 : sign,
        sign * (task.Duration ?? 0),
        task.Turnaround is null ? 0 : sign,
        sign * (task.Turnaround ?? 0),
        task.QueueTime is null ? 0 : sign,
        sign * (task.QueueTime ?? 0));

    public static TaskSums operator +(in TaskSums a, in TaskSums b) => new(
        a.Tasks + b.Tasks,
        a.Queued + b.Queued,
        a.Running + b.Running,
        a.WaitingInput + b.WaitingInput,
        a.Completed + b.Completed,
        a.Failed + b.Failed,
        a.Cancelled + b.Cancelled,
        a.CostUsd + b.CostUsd,
        a.InputTokens + b.InputTokens,
        a.OutputTokens + b.OutputTokens,
        a.DurationCount + b.DurationCount,
        a.DurationSeconds + b.DurationSeconds,
        a.TurnaroundCount + b.TurnaroundCount,
        a.TurnaroundSeconds + b.TurnaroundSeconds,
        a.QueueCount + b.QueueCount,
        a.QueueSeconds + b.QueueSeconds);

    public static TaskSums operator -(in TaskSums sums) => new(
        -sums.Tasks,
        -sums.Queued,
        -sums.Running,
        -sums.WaitingInput,
        -sums.Completed,
        -sums.Failed,
        -sums.Cancelled,
        -sums.CostUsd,
        -sums.InputTokens,
        -sums.OutputTokens,
        -sums.DurationCount,
        -sums.DurationSeconds,
        -sums.TurnaroundCount,
        -sums.TurnaroundSeconds,
        -sums.QueueCount,
        -sums.QueueSeconds);

    public static TaskSums Negate(in TaskSums sums) => -sums;

    public static TaskSums Add(in TaskSums left, in TaskSums right) => left + right;
}
