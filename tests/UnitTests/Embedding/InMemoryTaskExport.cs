using AutoMapper;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Ports;

namespace GrooteDashboard.UnitTests.Embedding;

/// <summary>All tasks, newest first. Of the filters it knows status and time.</summary>
internal sealed class InMemoryTaskExport(InMemoryDatabase database, IMapper mapper) : ITaskExportReader
{
    public IAsyncEnumerable<TaskSummary> ReadAsync(TaskFilter filter, CancellationToken cancellationToken) => database.Tasks
        .Where(task => filter.Statuses.Count == 0 || filter.Statuses.Contains(task.Status))
        .Where(task => (filter.From is null || task.CreatedAt >= filter.From) && (filter.To is null || task.CreatedAt < filter.To))
        .OrderByDescending(task => task.CreatedAt).ThenByDescending(task => task.TaskId, StringComparer.Ordinal)
        .Select(TaskSummary (task) => mapper.Map<TaskDetails>(task)).ToAsyncEnumerable();
}
