using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>Tasks as screens show them.</summary>
public interface ITaskReader
{
    /// <summary>Rows of a list.</summary>
    /// <param name="filter">Which tasks.</param>
    /// <param name="order">In which order.</param>
    /// <param name="after">Those that follow this place, which is one in the same order or its reverse; null from the beginning.</param>
    /// <param name="skip">So many of them are passed over.</param>
    /// <param name="take">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken);

    /// <summary>How many tasks there are, counted at most a second ago; null where that takes too long.</summary>
    Task<long?> CountAsync(TaskFilter filter, CancellationToken cancellationToken);

    /// <summary>One task, with its output where that is short; null where there is no such task.</summary>
    Task<FoundTask?> FindAsync(string taskId, CancellationToken cancellationToken);
}

/// <param name="Task">The task.</param>
/// <param name="LastOffset">Offset of the newest stored row of its log, of the same moment.</param>
/// <param name="Output">All its output of kind <c>output</c>, of the same moment; null where there is more than was worth reading along.</param>
public sealed record FoundTask(TaskDetails Task, long LastOffset, OutputTail? Output = null);

/// <summary>The stored output of a task as one text.</summary>
public interface ITaskOutputReader
{
    /// <summary>The end of the output of kind <c>output</c>, joined: at most <paramref name="maxLength"/> characters, and whether that is not all.</summary>
    Task<OutputTail> ReadTailAsync(string taskId, int maxLength, CancellationToken cancellationToken);
}

/// <summary>The stored log of a task.</summary>
public interface ITaskLogReader
{
    /// <summary>Null where there is no such task.</summary>
    Task<TaskLogPage?> ReadAsync(string taskId, TaskLogRange range, CancellationToken cancellationToken);

    /// <summary>The task's status, and up to which offset its log is stored; null where there is no such task.</summary>
    Task<StoredTask?> PeekAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>Texts of kind <c>output</c> after an offset, in order, with the offset of each. Streamed, not collected.</summary>
    IAsyncEnumerable<(long Offset, string Text)> ReadOutputAsync(string taskId, long after, CancellationToken cancellationToken);

    /// <summary>All entries after an offset, in order, without their structured parts. Streamed, not collected; empty where there is no such task.</summary>
    IAsyncEnumerable<TaskLogText> ReadTextsAsync(string taskId, long after, CancellationToken cancellationToken);
}

/// <param name="Offset">Its place, from 1.</param>
/// <param name="Kind">Kind of output; null for a change of status.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Text">The text; empty for a change of status.</param>
public readonly record struct TaskLogText(long Offset, string? Kind, DateTimeOffset Timestamp, string Text);

/// <param name="Text">The text.</param>
/// <param name="Truncated">Whether a beginning is missing.</param>
/// <param name="LastTimestamp">When the newest of it was written.</param>
public sealed record OutputTail(string Text, bool Truncated, DateTimeOffset? LastTimestamp);

/// <param name="Status">The status.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="OutputPending">Whether output that belongs before its end may still enter the log.</param>
/// <param name="LastOffset">Offset of the newest stored row.</param>
public sealed record StoredTask(AgentTaskStatus Status, string? Error, bool OutputPending, long LastOffset);
