using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.UnitTests.Embedding;

namespace GrooteDashboard.UnitTests.Domain.Tasks;

/// <summary>Tasks in the states that tests begin with, made through the aggregate's own methods.</summary>
internal static class AnAgentTask
{
    public const string Id = "task-1";

    public static readonly TaskRegistration Registration = new(
        "github", "Fix the build", "session-1", "anna", AssignedAgent: "coder", AgentType: "planning",
        SourceMetadata: """{"pr":7}""", ConversationId: "conv-1", FlowId: "github:o/r#7", ParentTaskId: "task-0");

    public static AgentTask Queued() => AgentTask.Register(Id, Registration, ManualTime.Start, "evt-0");

    public static AgentTask Running() => Queued().After(AgentTaskStatus.Running);

    /// <summary>The status channel has just said that it is completed.</summary>
    public static AgentTask ProvisionallyCompleted()
    {
        var task = Running();
        task.Report(new TaskReport(AgentTaskStatus.Completed), ReportOrigin.StatusChannel, ManualTime.Start, EventId);
        return task;
    }

    public static AgentTask In(AgentTaskStatus status) => status switch
    {
        AgentTaskStatus.Queued => Queued(),
        AgentTaskStatus.Running => Running(),
        _ => Running().After(status),
    };

    public static AgentTask After(this AgentTask task, AgentTaskStatus status)
    {
        task.TransitionTo(status, ManualTime.Start, EventId());
        return task;
    }

    public static string EventId() => "evt-" + Guid.CreateVersion7().ToString("N");
}
