using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Domain.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskReader(
    NpgsqlDataSource source,
    [FromKeyedServices(PlainReads.PlannedOnce)] NpgsqlDataSource plannedOnce,
    [FromKeyedServices(PlainReads.PlannedForValues)] NpgsqlDataSource plannedForValues,
    TaskCounts counts,
    TaskLoader loader) : ITaskReader
{
    public Task<IReadOnlyList<TaskSummary>> ListAsync(
        TaskFilter filter, TaskOrder order, TaskCursor? after, int skip, int take, CancellationToken cancellationToken)
    {
        var list = TaskLists.Of(TaskSummaryRow.LiveColumns, filter, order, after, skip, take);
        return filter.Text is null
            ? ListAsync(list.HasOnePlan ? plannedOnce : plannedForValues, setting: null, list.Statement, cancellationToken)
            // Seconds, perhaps: not in the way of what takes fractions of a millisecond.
            : SearchDeadline.KeepAsync(() => ListAsync(source, SearchDeadline.Set(), list.Statement, cancellationToken));
    }

    public Task<long?> CountAsync(TaskFilter filter, CancellationToken cancellationToken) => counts.CountAsync(filter, cancellationToken);

    public Task<FoundTask?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        // What cannot be an id is none, and need not spoil the statement that reads others.
        Identifier.IsValid(taskId) ? loader.FindAsync(taskId, cancellationToken) : Task.FromResult<FoundTask?>(null);

    /// <param name="pool">Where a connection is taken from.</param>
    /// <param name="setting">What holds for this batch alone: without a transaction of its own it is one.</param>
    /// <param name="statement">What is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private static async Task<IReadOnlyList<TaskSummary>> ListAsync(
        NpgsqlDataSource pool, NpgsqlBatchCommand? setting, NpgsqlBatchCommand statement, CancellationToken cancellationToken)
    {
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        if (setting is not null)
        {
            batch.BatchCommands.Add(setting);
        }

        batch.BatchCommands.Add(statement);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        if (setting is not null)
        {
            await rows.NextResultAsync(cancellationToken);
        }

        var tasks = new List<TaskSummary>();
        while (await rows.ReadAsync(cancellationToken))
        {
            tasks.Add(TaskSummaryRow.ReadLive(rows));
        }

        return tasks;
    }
}
