using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks;

/// <summary>What the existing agent engine reads: items of the queue <c>agent:tasks</c>, and messages on <c>task:{id}:control</c>.</summary>
internal static class AgentMessages
{
    public const string Stop = """{"action":"stop"}""";

    /// <summary>Where the engine keeps the repository that chat tasks are about.</summary>
    private const string RepositoryPath = "/app";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Input(string message) => new JsonObject { ["action"] = "input", ["message"] = message }.ToJsonString(Plain);

    /// <summary>An item of the queue.</summary>
    /// <param name="task">The task.</param>
    /// <param name="prompt">What the agent is told, context included.</param>
    public static string Work(AgentTask task, string prompt)
    {
        var work = new JsonObject
        {
            ["task_id"] = task.TaskId,
            ["prompt"] = prompt,
            ["repo_path"] = RepositoryPath,
            ["session_id"] = task.SessionId,
            ["conversation_id"] = task.ConversationId,
        };
        if (task.AssignedAgent is { } agent && agent != AgentTask.DefaultAgent)
        {
            // The existing engine has one agent and names none: whoever has more finds it here.
            work["assigned_agent"] = agent;
        }

        if (task.Source != AgentTask.DashboardSource)
        {
            // As a gateway would have queued it: what is known of the source stands beside the rest.
            work["source"] = task.Source;
            foreach (var (name, value) in JsonNode.Parse(task.SourceMetadata)!.AsObject())
            {
                work.TryAdd(name, value?.DeepClone());
            }
        }

        return work.ToJsonString(Plain);
    }
}
