using System.Text.Json.Serialization;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>What became of one of several tasks.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Ok">Whether it was done.</param>
/// <param name="Status">Its status now; null where there is no such task.</param>
/// <param name="Detail">One sentence that says why not.</param>
/// <param name="RetriedAs">The task that repeats it.</param>
public sealed record TaskOutcome(
    string TaskId,
    bool Ok,
    AgentTaskStatus? Status,
    string? Detail = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RetriedAs = null)
{
    /// <summary>Tasks in one request.</summary>
    public const int MaxTasks = 100;

    internal static TaskOutcome NotFound(string taskId) => new(taskId, Ok: false, Status: null, "Task not found");
}

/// <summary>What became of each, in the order in which they were named.</summary>
public sealed record TaskOutcomes(IReadOnlyList<TaskOutcome> Results);
