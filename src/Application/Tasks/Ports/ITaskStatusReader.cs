using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>A task's status, from memory where the task is active.</summary>
public interface ITaskStatusReader
{
    /// <summary>Null where there is no such task.</summary>
    ValueTask<AgentTaskStatus?> GetStatusAsync(string taskId, CancellationToken cancellationToken);
}
