using System.Runtime.CompilerServices;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskExportReader(NpgsqlDataSource source) : ITaskExportReader
{
    private const int PortionSize = 1_000;

    public async IAsyncEnumerable<TaskSummary> ReadAsync(TaskFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Portion by portion from where the last one ended: a slow client must hold neither a connection of the pool nor an old snapshot.
        TaskCursor? last = null;
        while (true)
        {
            var portion = await ReadAsync(filter, last, cancellationToken);
            foreach (var task in portion)
            {
                yield return task;
            }

            if (portion.Count < PortionSize)
            {
                yield break;
            }

            last = TaskCursor.Of(portion[^1], TaskOrder.NewestFirst);
        }
    }

    private async Task<List<TaskSummary>> ReadAsync(TaskFilter filter, TaskCursor? after, CancellationToken cancellationToken)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(TaskLists.Of(TaskSummaryRow.Columns, filter, TaskOrder.NewestFirst, after, skip: 0, PortionSize).Statement);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        var portion = new List<TaskSummary>(PortionSize);
        while (await rows.ReadAsync(cancellationToken))
        {
            portion.Add(TaskSummaryRow.Read(rows));
        }

        return portion;
    }
}
