using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using GrooteDashboard.IntegrationTests.Conversations;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>The agent engine's calls in the order in which it makes them (wrong as that is), and what everybody sees after each.</summary>
[TestFixture]
internal sealed class EngineSequenceTests : ConversationFixture
{
    [Test]
    public async Task A_chat_task_from_the_question_to_the_reply()
    {
        await using var dashboard = await Server.WatchAsync("/ws/dashboard");
        var frames = await StatusFrames.WatchAsync(dashboard);
        var (taskId, id) = await ChatAsync("what is wrong?");
        await using var talk = await Server.WatchAsync();
        await talk.SubscribeAsync($"conversation:{id}");

        var work = await UntilQueuedAsync(taskId);
        Assert.That((work.Text("prompt"), work.Text("conversation_id")), Is.EqualTo(("what is wrong?", id)));
        await frames.UntilAsync(taskId, "queued");
        await ShowsAsync(id, taskId, "queued", messages: 1, runs: 0, cost: 0);

        // The dashboard and the engine both say that it was created.
        await AddEventAsync("task:created", taskId, new { task_id = taskId, session_id = "default-session", input_message = "what is wrong?", source = "unknown", assigned_agent = "planning" });
        await AddEventAsync("task:started", taskId, new { task_id = taskId, session_id = "default-session", conversation_id = id });
        await PublishAsync($"task:{taskId}:status", """{"status":"in_progress"}""");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await frames.UntilAsync(taskId, "running");
        await ShowsAsync(id, taskId, "running", messages: 1, runs: 0, cost: 0);

        await AddEventAsync("task:thinking", taskId, new { type = "thinking", content = "Let me see." });
        await AddEventAsync("task:tool_call", taskId, new { type = "tool_call", name = "Bash", input = new { command = "make" }, _tool_use_id = "t1" });
        await AddEventAsync("task:tool_result", taskId, new { type = "tool_result", name = "Bash", content = "ok\n", is_error = false });
        await Probe.Until(async () => (await ReadOutputAsync(taskId, "tool_result")).Length == 1, "what it does is in the log");

        // completed comes first of all that ends it, and the reply last.
        await PublishAsync($"task:{taskId}:status", JsonSerializer.Serialize(new
        {
            status = "completed",
            result = new { output = "All fine.", raw_output = "RAW All fine.", cost_usd = 0.25, input_tokens = 10, output_tokens = 20, success = true, error = (string?)null },
        }));
        var completed = await frames.UntilAsync(taskId, "completed");
        Assert.That(completed.Text("conversation_id"), Is.EqualTo(id));
        await ShowsAsync(id, taskId, "completed", messages: 1, runs: 1, cost: 0.25m);
        await AddEventAsync("task:raw_output", taskId, new { raw_output = "RAW All fine." });
        await Producer.GetDatabase().StringSetAsync($"task:{taskId}:output", "All fine.", TimeSpan.FromHours(1));
        await AddEventAsync("task:output", taskId, new { content = "All fine." });
        await AddEventAsync("task:completed", taskId, new { task_id = taskId, status = "completed", result = "All fine.", duration_seconds = 3.5, cost_usd = 0.25, input_tokens = 10, output_tokens = 20 });
        var final = new { status = "completed", output = "All fine.", cost_usd = 0.5, input_tokens = 10, output_tokens = 20, duration_seconds = 3.5 };
        await PatchAsync($"/api/tasks/{taskId}", final);
        await ShowsAsync(id, taskId, "completed", messages: 1, runs: 1, cost: 0.5m);
        Assert.That((await GetAsync($"/api/tasks/{taskId}")).GetProperty("provisional").GetBoolean(), Is.False);

        var before = frames.Count(taskId, "completed");
        var reply = await SayAsync(id, "assistant", "All fine.", taskId);
        var heard = (await talk.CollectUntilAsync(frame => frame.Type() == "message" && frame.Text("message_id") == reply.Text("message_id")))[^1];
        Assert.That(heard.Text("content"), Is.EqualTo("All fine."));
        // Existing clients look at the messages when they hear a status, and the first one came too early.
        await frames.UntilAsync(taskId, "completed", moreThan: before);
        await ShowsAsync(id, taskId, "completed", messages: 2, runs: 1, cost: 0.5m);

        // The engine's client has no retries, but a proxy may have.
        await PatchAsync($"/api/tasks/{taskId}", final);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await ShowsAsync(id, taskId, "completed", messages: 2, runs: 1, cost: 0.5m);
        await Probe.Until(async () => (await ReadOutputAsync(taskId)).Length > 0, "the final output is in the log");
        Assert.That(await ReadOutputAsync(taskId), Is.EqualTo(new[] { "All fine." }));
        Assert.That(frames.Statuses(taskId), Is.EqualTo(new[] { "queued", "running", "completed" }));
    }

    [Test]
    public async Task A_webhook_task_from_the_event_to_the_fallback()
    {
        await using var dashboard = await Server.WatchAsync("/ws/dashboard");
        var frames = await StatusFrames.WatchAsync(dashboard);
        var (taskId, flow) = (Guid.NewGuid().ToString(), $"github:owner/repo#{Random.Shared.Next()}");
        var encoded = Uri.EscapeDataString(flow);

        // Nobody knows the thread, so the engine opens a conversation and then registers the task, twice over: gateway and engine.
        Assert.That(await ByFlowAsync(encoded), Is.Null);
        var id = (await PostAsync("/api/conversations", new { title = "repo", user_id = "default-user", flow_id = flow, source = "github", metadata = new { } })).Text("conversation_id")!;
        var registration = new
        {
            task_id = taskId, source = "github", source_metadata = new { repo = "owner/repo" }, input_message = "fix it", assigned_agent = "brain", conversation_id = id, flow_id = flow,
        };
        var registered = await PostAsync("/api/tasks", registration);
        var again = await PostAsync("/api/tasks", registration);
        Assert.That((registered.GetRawText(), again.GetRawText()), Is.EqualTo(($$"""{"task_id":"{{taskId}}","conversation_id":"{{id}}"}""", registered.GetRawText())));
        Assert.That(await ByFlowAsync(encoded), Is.EqualTo(id));
        await frames.UntilAsync(taskId, "queued");
        await SayAsync(id, "system", "Webhook received", taskId);
        var context = await GetAsync($"/api/conversations/{id}/context?max_messages=5&roles=user,assistant");
        Assert.That(context.GetArrayLength(), Is.Zero);
        await ShowsAsync(id, taskId, "queued", messages: 1, runs: 0, cost: 0);

        await AddEventAsync("task:created", taskId, new { task_id = taskId, session_id = "", input_message = "fix it", source = "github", assigned_agent = "brain" });
        await AddEventAsync("task:started", taskId, new { task_id = taskId, conversation_id = id });
        await PublishAsync($"task:{taskId}:status", """{"status":"in_progress"}""");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PostAsync("/api/tasks", registration);
        await frames.UntilAsync(taskId, "running");
        await ShowsAsync(id, taskId, "running", messages: 1, runs: 0, cost: 0);

        // The run failed, and is published as completed all the same: the PATCH knows better.
        await PublishAsync($"task:{taskId}:status", """{"status":"completed","result":{"output":"It failed.","cost_usd":0.5}}""");
        await frames.UntilAsync(taskId, "completed");
        await ShowsAsync(id, taskId, "completed", messages: 1, runs: 1, cost: 0.5m);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "failed", output = "It failed.", error = "exit 2", cost_usd = 0.5, duration_seconds = 12.5 });
        var failed = await frames.UntilAsync(taskId, "failed");
        Assert.That(failed.Text("error"), Is.EqualTo("exit 2"));
        await ShowsAsync(id, taskId, "failed", messages: 1, runs: 1, cost: 0.5m);
        await AddEventAsync("task:completed", taskId, new { task_id = taskId, status = "failed", cost_usd = 0.5, duration_seconds = 12.5 });
        await PublishAsync($"task:{taskId}:status", """{"status":"completed","result":{"output":"It failed."}}""");

        var before = frames.Count(taskId, "failed");
        await SayAsync(id, "system", "Fallback: posted without MCP", taskId);
        await SayAsync(id, "assistant", "It failed.", taskId);
        await frames.UntilAsync(taskId, "failed", moreThan: before);
        await ShowsAsync(id, taskId, "failed", messages: 3, runs: 1, cost: 0.5m);
        Assert.That((await GetAsync($"/api/tasks/{taskId}")).Text("flow_id"), Is.EqualTo(flow));
        Assert.That(frames.Statuses(taskId), Is.EqualTo(new[] { "queued", "running", "completed", "failed" }));
    }

    [Test]
    public async Task A_late_report_does_not_revive_what_a_person_stopped_but_brings_what_it_cost()
    {
        await using var dashboard = await Server.WatchAsync("/ws/dashboard");
        var frames = await StatusFrames.WatchAsync(dashboard);
        var (taskId, id) = await ChatAsync("never mind");
        await PublishAsync($"task:{taskId}:status", """{"status":"in_progress"}""");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PostAsync($"/api/tasks/{taskId}/stop", new { });
        await frames.UntilAsync(taskId, "cancelled");
        await ShowsAsync(id, taskId, "cancelled", messages: 1, runs: 1, cost: 0);

        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PublishAsync($"task:{taskId}:status", """{"status":"completed","result":{"output":"too late","cost_usd":0.75}}""");
        await Probe.Until(async () => (await GetAsync($"/api/tasks/{taskId}")).GetProperty("cost_usd").GetDecimal() == 0.75m, "its cost is taken");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", output = "too late", cost_usd = 0.75 });
        await SayAsync(id, "assistant", "too late", taskId);

        await ShowsAsync(id, taskId, "cancelled", messages: 2, runs: 1, cost: 0.75m);
        Assert.That(frames.Statuses(taskId), Is.EqualTo(new[] { "queued", "running", "cancelled" }));
    }

    [Test]
    public async Task A_run_that_breaks_off_is_published_as_failed_before_anything_else_is_said()
    {
        await using var dashboard = await Server.WatchAsync("/ws/dashboard");
        var frames = await StatusFrames.WatchAsync(dashboard);
        var (taskId, id) = await ChatAsync("break");
        await PublishAsync($"task:{taskId}:status", """{"status":"failed","result":{"error":"no CLI"}}""");
        await frames.UntilAsync(taskId, "failed");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "failed", error = "no CLI" });
        await AddEventAsync("task:failed", taskId, new { error = "no CLI" });

        await ShowsAsync(id, taskId, "failed", messages: 1, runs: 1, cost: 0);
        Assert.That((await GetAsync($"/api/tasks/{taskId}")).Text("error"), Is.EqualTo("no CLI"));
    }

    /// <summary>State, messages and totals, as every reader of them sees it.</summary>
    private async Task ShowsAsync(string id, string taskId, string status, int messages, int runs, decimal cost)
    {
        var task = await GetAsync($"/api/tasks/{taskId}");
        var output = await GetAsync($"/api/tasks/{taskId}/logs");
        var conversation = await GetAsync($"/api/conversations/{id}");
        var metrics = await GetAsync($"/api/conversations/{id}/metrics");
        Assert.Multiple(() =>
        {
            Assert.That(task.Text("status"), Is.EqualTo(status));
            Assert.That((output.Text("status"), output.GetProperty("is_live").GetBoolean()), Is.EqualTo((status, status == "running")));
            Assert.That(conversation.GetProperty("messages").GetArrayLength(), Is.EqualTo(messages));
            Assert.That(conversation.GetProperty("message_count").GetInt32(), Is.EqualTo(messages));
            Assert.That(conversation.GetProperty("total_tasks").GetInt32(), Is.EqualTo(runs));
            Assert.That(conversation.GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo(cost));
            Assert.That(metrics.GetProperty("total_cost_usd").GetDecimal(), Is.EqualTo(cost));
            Assert.That(metrics.GetProperty("task_breakdown").GetRawText(), Is.EqualTo($$"""{"{{status}}":1}"""));
        });
    }

    private async Task<string?> ByFlowAsync(string encoded)
    {
        var address = new Uri(
            $"{Server.Address.GetLeftPart(UriPartial.Authority)}/api/conversations/by-flow/{encoded}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var response = await Http.GetAsync(address);
        return response.StatusCode == HttpStatusCode.NotFound ? null : JsonElement.Parse(await response.Content.ReadAsStringAsync()).Text("conversation_id");
    }

    /// <summary>What an existing client hears of tasks, kept in order.</summary>
    private sealed class StatusFrames
    {
        private readonly ConcurrentQueue<JsonElement> _frames = new();

        public static async Task<StatusFrames> WatchAsync(WsClient client)
        {
            await client.ReceiveAsync("connected");
            var frames = new StatusFrames();
            _ = frames.ReadAsync(client);
            return frames;
        }

        public int Count(string taskId, string status) => Of(taskId).Count(frame => frame.Text("status") == status);

        /// <summary>The statuses through which it went, without repeats of the same.</summary>
        public string[] Statuses(string taskId) =>
            [.. Of(taskId).Select(frame => frame.Text("status")!).Aggregate(new List<string>(), (seen, next) => seen.LastOrDefault() == next ? seen : [.. seen, next])];

        /// <summary>The newest frame of this status, as soon as there are more than so many.</summary>
        public async Task<JsonElement> UntilAsync(string taskId, string status, int moreThan = 0)
        {
            await Probe.Until(() => Count(taskId, status) > moreThan, $"{taskId} is said to be {status}, more than {moreThan} times; heard: {string.Join(' ', Statuses(taskId))}");
            return Of(taskId).Last(frame => frame.Text("status") == status);
        }

        private IEnumerable<JsonElement> Of(string taskId) => _frames.Where(frame => frame.Type() == "task_status" && frame.Text("task_id") == taskId);

        private async Task ReadAsync(WsClient client)
        {
            try
            {
                while (true)
                {
                    _frames.Enqueue(await client.ReceiveAsync(TimeSpan.FromMinutes(5)));
                }
            }
            catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException or OperationCanceledException or global::System.Net.WebSockets.WebSocketException)
            {
                // The test is over.
            }
        }
    }
}
