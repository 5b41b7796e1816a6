using System.Runtime.CompilerServices;
using AutoMapper;
using AutoMapper.QueryableExtensions;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;
using Microsoft.EntityFrameworkCore;

namespace GrooteDashboard.Infrastructure.Persistence.Readers;

internal sealed class TaskExportReader(DashboardDbContext db, IMapper mapper) : ITaskExportReader
{
    private const int PortionSize = 1_000;

    public async IAsyncEnumerable<TaskSummary> ReadAsync(TaskFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Portion by portion from where the last one ended: a slow client must hold neither a connection of the pool nor an old snapshot.
        var (createdAt, taskId) = (DateTimeOffset.MaxValue, "");
        while (true)
        {
            var (last, lastId) = (createdAt, taskId);
            var portion = await db.Tasks.AsNoTracking().Matching(filter)
                .Where(task => EF.Functions.LessThan(ValueTuple.Create(task.CreatedAt, task.TaskId), ValueTuple.Create(last, lastId)))
                .OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId).Take(PortionSize)
                .ProjectTo<TaskSummary>(mapper.ConfigurationProvider).ToListAsync(cancellationToken);
            foreach (var task in portion)
            {
                yield return task;
            }

            if (portion.Count < PortionSize)
            {
                yield break;
            }

            (createdAt, taskId) = (portion[^1].CreatedAt, portion[^1].TaskId);
        }
    }
}
