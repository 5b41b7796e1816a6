using System.Collections.Frozen;

namespace GrooteDashboard.Domain.Tasks;

/// <summary>All legal transitions of a task, in one table, and the names of its statuses on the wire.</summary>
public static class AgentTaskLifecycle
{
    private static readonly FrozenDictionary<AgentTaskStatus, AgentTaskStatus[]> Transitions =
        new Dictionary<AgentTaskStatus, AgentTaskStatus[]>
        {
            [AgentTaskStatus.Queued] = [AgentTaskStatus.Running, AgentTaskStatus.Cancelled],
            [AgentTaskStatus.Running] =
                [AgentTaskStatus.WaitingInput, AgentTaskStatus.Completed, AgentTaskStatus.Failed, AgentTaskStatus.Cancelled],
            [AgentTaskStatus.WaitingInput] = [AgentTaskStatus.Running, AgentTaskStatus.Cancelled],
            [AgentTaskStatus.Completed] = [],
            [AgentTaskStatus.Failed] = [],
            [AgentTaskStatus.Cancelled] = [],
        }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, AgentTaskStatus> ByName = new Dictionary<string, AgentTaskStatus>
    {
        ["queued"] = AgentTaskStatus.Queued,
        ["running"] = AgentTaskStatus.Running,
        // What the existing agent engine publishes when it starts.
        ["in_progress"] = AgentTaskStatus.Running,
        ["waiting_input"] = AgentTaskStatus.WaitingInput,
        ["completed"] = AgentTaskStatus.Completed,
        ["failed"] = AgentTaskStatus.Failed,
        ["cancelled"] = AgentTaskStatus.Cancelled,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool CanTransition(AgentTaskStatus from, AgentTaskStatus to) => Transitions[from].Contains(to);

    public static bool IsFinal(this AgentTaskStatus status) => Transitions[status].Length == 0;

    public static bool TryParse(string? name, out AgentTaskStatus status)
    {
        status = default;
        return name is not null && ByName.TryGetValue(name, out status);
    }

    public static string Name(this AgentTaskStatus status) => status switch
    {
        AgentTaskStatus.Queued => "queued",
        AgentTaskStatus.Running => "running",
        AgentTaskStatus.WaitingInput => "waiting_input",
        AgentTaskStatus.Completed => "completed",
        AgentTaskStatus.Failed => "failed",
        AgentTaskStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
