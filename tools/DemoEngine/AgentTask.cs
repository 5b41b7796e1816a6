using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine;

/// <summary>What the engine knows about a task before it starts.</summary>
internal sealed record AgentTask
{
    public required string TaskId { get; init; }
    public string? SessionId { get; init; }
    public string? ConversationId { get; init; }
    public required string Source { get; init; }
    public JsonObject SourceMetadata { get; init; } = [];
    public required string InputMessage { get; init; }
    public required string AssignedAgent { get; init; }
    public string? FlowId { get; init; }

    /// <summary>A chat task exists in the dashboard before the engine sees it; one that a webhook started does not.</summary>
    public required bool MustBeRegistered { get; init; }
}
