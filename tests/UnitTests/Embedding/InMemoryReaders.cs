using System.Runtime.CompilerServices;
using AutoMapper;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>Tasks and their logs as screens show them.</summary>
internal sealed class InMemoryReaders(InMemoryDatabase database, IMapper mapper) : ITaskReader, ITaskTotals, IAgentReader, ITaskOutputReader, ITaskLogReader
{
    public Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        var direction = order.Descending ? -1 : 1;
        var places = Comparer<TaskCursor>.Create((a, b) => direction * Comparer<(object, DateTimeOffset, string)>.Default.Compare(
            (a.Value, a.CreatedAt, a.TaskId), (b.Value, b.CreatedAt, b.TaskId)));
        return Task.FromResult<IReadOnlyList<TaskSummary>>(
        [
            .. Matching(filter).Select(ToRow).Select(row => (Row: row, Place: TaskCursor.Of(row, order))).OrderBy(row => row.Place, places)
                .Where(row => after is null || places.Compare(row.Place, after) > 0).Skip(skip).Take(take).Select(row => row.Row),
        ]);
    }

    public Task<long?> CountAsync(TaskFilter filter, CancellationToken cancellationToken) => Task.FromResult<long?>(Matching(filter).Count());

    public Task<FoundTask?> FindAsync(string taskId, CancellationToken cancellationToken) => Task.FromResult(
        database.FindTask(taskId) is { } task ? new FoundTask(mapper.Map<TaskDetails>(task), LastOffset(database.RowsOf(taskId))) : null);

    Task<IReadOnlyList<AgentActivity>> IAgentReader.ListAsync(DateTimeOffset since, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AgentActivity>>(
        [
            .. from task in database.Tasks
               where task.AssignedAgent is not null
               group task by task.AssignedAgent into agent
               select new AgentActivity(
                   agent.Key,
                   agent.Count(),
                   agent.Count(task => task.CreatedAt >= since),
                   agent.CountBy(task => task.Status).ToDictionary(status => status.Key, status => (long)status.Value),
                   agent.Sum(task => task.CostUsd ?? 0),
                   agent.Max(task => task.CreatedAt)),
        ]);

    /// <summary>Nothing is kept: lists count.</summary>
    Task<TaskTotals?> ITaskTotals.CountAsync(TaskFilter filter, CancellationToken cancellationToken) => Task.FromResult<TaskTotals?>(null);

    private IEnumerable<AgentTask> Matching(TaskFilter filter) => database.Tasks
        .Where(task => filter.Statuses.Count == 0 || filter.Statuses.Contains(task.Status))
        .Where(task => filter.Text is null || $"{task.TaskId} {task.InputMessage}".Contains(filter.Text.Trim(), StringComparison.OrdinalIgnoreCase))
        .Where(task => filter.Agents.Count == 0 || filter.Agents.Contains(task.AssignedAgent))
        .Where(task => (filter.From is null || task.CreatedAt >= filter.From) && (filter.To is null || task.CreatedAt < filter.To));

    public Task<TaskLogPage?> ReadAsync(string taskId, TaskLogRange range, CancellationToken cancellationToken)
    {
        if (database.FindTask(taskId) is null)
        {
            return Task.FromResult<TaskLogPage?>(null);
        }

        var all = database.RowsOf(taskId);
        var matching = all.Where(row => range.Kinds is null || (row.Kind is { } kind && range.Kinds.Contains(kind)))
            .Where(row => range.Before is { } before ? row.Offset < before : row.Offset > (range.After ?? 0)).ToList();
        var entries = (range.Before is null ? matching.Take(range.Limit) : matching.TakeLast(range.Limit)).Select(ToEntry).ToList();
        return Task.FromResult<TaskLogPage?>(new TaskLogPage(taskId, entries, LastOffset(all), entries.Count < matching.Count));
    }

    public Task<OutputTail> ReadTailAsync(string taskId, int maxLength, CancellationToken cancellationToken)
    {
        var output = Output(taskId).ToList();
        var text = string.Concat(output.Select(row => row.Output));
        return Task.FromResult(new OutputTail(
            text.Length > maxLength ? text[^maxLength..] : text, text.Length > maxLength, output.Count == 0 ? null : output[^1].Timestamp));
    }

    public Task<StoredTask?> PeekAsync(string taskId, CancellationToken cancellationToken) => Task.FromResult(
        database.FindTask(taskId) is { } task
            ? new StoredTask(task.Status, task.Error, task.OutputDueAt is not null, LastOffset(database.RowsOf(taskId)))
            : null);

    public async IAsyncEnumerable<(long Offset, string Text)> ReadOutputAsync(
        string taskId, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var row in Output(taskId).Where(row => row.Offset > after))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return (row.Offset, row.Output!);
        }
    }

    public async IAsyncEnumerable<TaskLogText> ReadTextsAsync(string taskId, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var row in database.RowsOf(taskId).Where(row => row.Offset > after))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new TaskLogText(row.Offset, row.Kind, row.Timestamp, row.Output ?? "");
        }
    }

    /// <summary>The details, with as much of the input as a row shows.</summary>
    private TaskSummary ToRow(AgentTask task)
    {
        var details = mapper.Map<TaskDetails>(task);
        return details with { InputMessage = string.Concat(details.InputMessage.Take(TaskSummary.InputPreviewLength)) };
    }

    private IEnumerable<LogRow> Output(string taskId) => database.RowsOf(taskId).Where(row => row.Kind == OutputKinds.Output);

    private static long LastOffset(IReadOnlyList<LogRow> rows) => rows.Count == 0 ? 0 : rows[^1].Offset;

    private static TaskLogEntry ToEntry(LogRow row) => new(
        row.Offset, row.Kind is null ? "status" : "output", row.Timestamp, row.Kind, row.Output, row.Data, row.Status, row.Previous);
}
