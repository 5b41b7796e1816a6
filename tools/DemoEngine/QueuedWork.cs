using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine;

/// <summary>
/// An item of <c>agent:tasks</c>. Chat: <c>{task_id, prompt, repo_path, session_id, conversation_id}</c>.
/// Webhooks: <c>{task_id, source, event_type, prompt, …}</c>.
/// </summary>
internal static class QueuedWork
{
    public static bool TryParse(string json, [NotNullWhen(true)] out AgentTask? task)
    {
        task = null;
        JsonObject? item;
        try
        {
            item = JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }

        if (item is null || Text(item, "task_id") is not { Length: > 0 } taskId)
            return false;

        var source = Text(item, "source");
        var metadata = new JsonObject();
        if (Text(item, "event_type") is { } eventType)
            metadata["event_type"] = eventType;

        task = new AgentTask
        {
            TaskId = taskId,
            SessionId = Text(item, "session_id"),
            ConversationId = Text(item, "conversation_id"),
            // The existing engine says "unknown" of chat tasks, since their items name no source.
            Source = source ?? "unknown",
            SourceMetadata = metadata,
            InputMessage = Text(item, "prompt") ?? "",
            AssignedAgent = "brain",
            MustBeRegistered = source is "github" or "jira" or "slack",
        };
        return true;
    }

    private static string? Text(JsonObject item, string name) =>
        item[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
