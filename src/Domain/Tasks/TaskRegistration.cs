namespace GrooteDashboard.Domain.Tasks;

/// <summary>What is said of a task when it is registered.</summary>
/// <param name="Source">Where it comes from: dashboard, github, jira, slack, …</param>
/// <param name="InputMessage">What the agent is asked to do.</param>
/// <param name="SessionId">The session that it belongs to.</param>
/// <param name="UserId">Who asked.</param>
/// <param name="AssignedAgent">The agent by name.</param>
/// <param name="AgentType">The agent's type.</param>
/// <param name="SourceMetadata">A JSON object.</param>
/// <param name="ConversationId">The conversation that it belongs to.</param>
/// <param name="FlowId">The thread at the source, such as <c>github:owner/repo#42</c>.</param>
/// <param name="ParentTaskId">The task that started it.</param>
/// <param name="Model">The language model.</param>
public sealed record TaskRegistration(
    string Source,
    string InputMessage,
    string SessionId,
    string UserId,
    string? AssignedAgent = AgentTask.DefaultAgent,
    string AgentType = AgentTask.DefaultAgentType,
    string SourceMetadata = AgentTask.NoMetadata,
    string? ConversationId = null,
    string? FlowId = null,
    string? ParentTaskId = null,
    string? Model = null);
