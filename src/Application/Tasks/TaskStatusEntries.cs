using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks;

/// <summary>What the log and those who watch are told of a change of a task.</summary>
public static class TaskStatusEntries
{
    public static StatusEntry From(AgentTaskChanged change)
    {
        var task = change.Task;
        return new StatusEntry(change.OccurredAt, change.EventId, new TaskStatusMessage(
            task.TaskId,
            change.Status,
            change.Previous,
            change.Version,
            task.ConversationId,
            task.AssignedAgent,
            task.Source,
            task.CostUsd,
            task.InputTokens,
            task.OutputTokens,
            task.DurationSeconds,
            task.Error));
    }
}
