using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Domain.Tasks;

/// <summary>A task was created, moved to another status, or its figures became known.</summary>
/// <param name="EventId">Unique.</param>
/// <param name="OccurredAt">When.</param>
/// <param name="Task">The task after the change.</param>
/// <param name="Status">The status after this change (a later one of the same use case may already have moved the task on).</param>
/// <param name="Previous">The status before; null where the task is new or kept its status.</param>
/// <param name="Version">The task's version after this change: each change of a use case has its own.</param>
public sealed record AgentTaskChanged(
    string EventId,
    DateTimeOffset OccurredAt,
    AgentTask Task,
    AgentTaskStatus Status,
    AgentTaskStatus? Previous,
    int Version) : IDomainEvent;
