using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests.Conversations;

/// <summary>What tests of conversations do again and again.</summary>
internal abstract class ConversationFixture : ServerFixture
{
    protected const string Queue = "agent:tasks";

    protected async Task<string> BeginAsync(string title = "a talk", string? agentType = null) =>
        (await PostAsync("/api/conversations", new { title, agent_type = agentType })).Text("conversation_id")!;

    protected async Task<(string TaskId, string ConversationId)> ChatAsync(string message, string? conversationId = null)
    {
        var where = conversationId is null ? "" : $"&conversation_id={conversationId}";
        var data = (await PostAsync($"/api/chat?session_id=default-session{where}", new { message })).GetProperty("data");
        return (data.Text("task_id")!, data.Text("conversation_id")!);
    }

    protected Task<JsonElement> SayAsync(
        string conversationId, string role, string content, string? taskId = null, HttpStatusCode expected = HttpStatusCode.OK) =>
        PostAsync($"/api/conversations/{conversationId}/messages", new { role, content, task_id = taskId }, expected);

    /// <summary>What waits in the agents' queue for this task.</summary>
    protected async Task<List<JsonElement>> QueuedAsync(string taskId) =>
    [
        .. (await Producer.GetDatabase().ListRangeAsync(Queue)).Select(item => JsonElement.Parse((string)item!))
            .Where(item => item.Text("task_id") == taskId),
    ];

    protected async Task<JsonElement> UntilQueuedAsync(string taskId)
    {
        await Probe.Until(async () => (await QueuedAsync(taskId)).Count == 1, $"{taskId} is in the agents' queue");
        return (await QueuedAsync(taskId))[0];
    }

    /// <summary>Hears what a task is told, as an engine does.</summary>
    protected async Task<List<string>> ListenToControlAsync(string taskId)
    {
        var heard = new List<string>();
        await Producer.GetSubscriber().SubscribeAsync(
            new RedisChannel($"task:{taskId}:control", RedisChannel.PatternMode.Literal), (_, message) =>
            {
                lock (heard)
                {
                    heard.Add((string)message!);
                }
            });
        return heard;
    }
}
