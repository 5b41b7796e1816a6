namespace GrooteDashboard.Domain.Tasks;

public enum AgentTaskStatus
{
    Queued,
    Running,
    WaitingInput,
    Completed,
    Failed,
    Cancelled,
}
