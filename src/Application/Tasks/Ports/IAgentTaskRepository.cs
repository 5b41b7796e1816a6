using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Ports;

/// <summary>The tasks, one aggregate at a time. What is added or changed is written when the unit of work commits.</summary>
public interface IAgentTaskRepository
{
    Task<AgentTask?> FindAsync(string taskId, CancellationToken cancellationToken);

    /// <summary>Those of these ids that there are. Ordered by conversation, so that two who change several wait for each other in turn.</summary>
    Task<IReadOnlyList<AgentTask>> FindAllAsync(IReadOnlyList<string> taskIds, CancellationToken cancellationToken);

    /// <summary>Tasks whose provisional time is over or whose final output is due, oldest first, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<AgentTask>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>The task of a conversation that was created last.</summary>
    Task<AgentTask?> FindNewestOfAsync(string conversationId, CancellationToken cancellationToken);

    void Add(AgentTask task);
}
