using GrooteDashboard.Application.Tasks.Contracts;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>All tasks of a filter, however many.</summary>
public interface ITaskExportReader
{
    /// <summary>Newest first, ties broken by id; a part at a time, as the caller takes them. Tasks that are registered meanwhile are not among them.</summary>
    IAsyncEnumerable<TaskSummary> ReadAsync(TaskFilter filter, CancellationToken cancellationToken);
}
