using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>The agents as their tasks show them.</summary>
public interface IAgentReader
{
    /// <summary>At a price that does not grow with the number of tasks.</summary>
    /// <param name="since">From when on recent tasks are counted.</param>
    /// <param name="limit">How many agents at most: those with the most tasks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<AgentActivity>> ListAsync(DateTimeOffset since, int limit, CancellationToken cancellationToken);
}

/// <param name="Name">Name, as tasks are assigned to it.</param>
/// <param name="Tasks">All its tasks.</param>
/// <param name="RecentTasks">Those that were created lately.</param>
/// <param name="ByStatus">All its tasks by their status.</param>
/// <param name="CostUsd">US dollars, of all its tasks.</param>
/// <param name="LastSeenAt">When the newest of them was created.</param>
public sealed record AgentActivity(
    string Name, long Tasks, long RecentTasks, IReadOnlyDictionary<AgentTaskStatus, long> ByStatus, decimal CostUsd, DateTimeOffset? LastSeenAt);
