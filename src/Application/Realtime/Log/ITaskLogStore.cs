using System.Text.Json;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>
/// Where the log of every task is kept for ever. Calls fail with any exception while the store is away and may then be repeated:
/// each is idempotent.
/// </summary>
public interface ITaskLogStore
{
    /// <summary>Makes sure that these tasks exist, creating those that nobody registered, and says where their logs stand.</summary>
    Task<IReadOnlyList<OpenedTask>> OpenAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken);

    /// <summary>Where a task's log stands; null where there is no such task.</summary>
    Task<TaskLogHead?> PeekAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>Where the logs of these tasks stand; a task that does not exist is not in the answer.</summary>
    Task<IReadOnlyDictionary<string, TaskLogHead>> PeekAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellationToken);

    /// <summary>Which of these (task id, source id) pairs are stored already.</summary>
    Task<IReadOnlySet<(string TaskId, string SourceId)>> FindSourceIdsAsync(
        IReadOnlyCollection<(string TaskId, string SourceId)> ids, CancellationToken cancellationToken);

    /// <summary>
    /// Stores rows, and ends outbox rows with them, in one transaction. A row that is stored already is left as it is; one whose offset holds
    /// something else is kept at the end of its task's log.
    /// </summary>
    /// <returns>How many rows were moved to the end.</returns>
    /// <exception cref="LogRejectedException">The store refuses the content; repeating it cannot help.</exception>
    Task<int> WriteAsync(IReadOnlyList<LogRow> rows, IReadOnlyList<long> outboxIds, CancellationToken cancellationToken);

    /// <summary>Stored messages of a task's channel after an offset, in order, at most <paramref name="limit"/> and about 4 MB.</summary>
    Task<IReadOnlyList<ChannelFrame>> ReadAsync(string taskId, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Outbox rows written before <paramref name="before"/>, oldest first, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<LogAppend>> ListOutboxAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken);
}

/// <summary>Where a task's log stands.</summary>
/// <param name="Offset">Offset of its newest row, 0 where there is none.</param>
/// <param name="Status">The task's status.</param>
/// <param name="HasOutput">Whether it holds a row of kind <c>output</c>.</param>
public sealed record TaskLogHead(long Offset, AgentTaskStatus Status, bool HasOutput);

/// <summary>A task whose log can be appended to.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Head">Where its log stands.</param>
/// <param name="Creation">What is to be appended first because this call created the task.</param>
public sealed record OpenedTask(string TaskId, TaskLogHead Head, LogAppend? Creation);

/// <summary>One row of the log.</summary>
public readonly record struct LogRow(
    string TaskId,
    long Offset,
    DateTimeOffset Timestamp,
    string? SourceId,
    string? Kind,
    string? Output,
    JsonElement? Data,
    AgentTaskStatus? Status,
    AgentTaskStatus? Previous);

/// <summary>The store refuses the content of a row.</summary>
public sealed class LogRejectedException(string message, Exception inner) : Exception(message, inner);
