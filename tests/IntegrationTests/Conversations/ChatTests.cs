using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Conversations;

[TestFixture]
internal sealed class ChatTests : ConversationFixture
{
    [Test]
    public async Task A_message_begins_a_conversation_and_gives_the_agent_work()
    {
        var long_ = new string('x', 60);
        var answer = await PostAsync("/api/chat?session_id=default-session", new { message = long_ });

        var data = answer.GetProperty("data");
        var (taskId, id) = (data.Text("task_id")!, data.Text("conversation_id")!);
        var conversation = await GetAsync($"/api/conversations/{id}");
        var task = await GetAsync($"/api/tasks/{taskId}");
        var item = await UntilQueuedAsync(taskId);
        Assert.Multiple(() =>
        {
            Assert.That((answer.GetProperty("success").GetBoolean(), answer.Text("message")), Is.EqualTo((true, "Task created")));
            Assert.That(conversation.Text("title"), Is.EqualTo(new string('x', 50) + "..."));
            Assert.That(conversation.GetProperty("metadata").Text("created_from"), Is.EqualTo("execute_chat"));
            Assert.That(conversation.GetProperty("messages")[0].Text("task_id"), Is.EqualTo(taskId));
            Assert.That((task.Text("status"), task.Text("assigned_agent"), task.Text("agent_type"), task.Text("source"), task.Text("session_id")),
                Is.EqualTo(("queued", "brain", "planning", "dashboard", "default-session")));
            Assert.That(task.GetProperty("source_metadata").Text("conversation_id"), Is.EqualTo(id));
            Assert.That(item.EnumerateObject().Select(field => field.Name), Is.EqualTo(new[] { "task_id", "prompt", "repo_path", "session_id", "conversation_id" }));
            Assert.That((item.Text("prompt"), item.Text("repo_path"), item.Text("session_id"), item.Text("conversation_id")),
                Is.EqualTo((long_, "/app", "default-session", id)));
        });
    }

    [Test]
    public async Task The_agent_that_a_conversation_names_gets_its_work_with_what_was_said_before()
    {
        var id = await BeginAsync(agentType: "executor");
        await SayAsync(id, "user", "the earlier word");

        var (taskId, _) = await ChatAsync("and now?", id);

        var item = await UntilQueuedAsync(taskId);
        var task = await GetAsync($"/api/tasks/{taskId}");
        Assert.Multiple(() =>
        {
            Assert.That((task.Text("assigned_agent"), task.Text("agent_type")), Is.EqualTo(("executor", "executor")));
            Assert.That(item.Text("assigned_agent"), Is.EqualTo("executor"));
            Assert.That(item.Text("prompt"), Does.Contain("the earlier word").And.EndWith("and now?"));
            Assert.That(task.Text("input_message"), Is.EqualTo("and now?"));
        });
    }

    [Test]
    public async Task An_unknown_conversation_is_refused_and_nothing_is_written()
    {
        var before = await CountsAsync();
        await PostAsync("/api/chat?session_id=nobody&conversation_id=conv-none", new { message = "hello?" }, HttpStatusCode.NotFound);

        Assert.That(await CountsAsync(), Is.EqualTo(before));
    }

    [TestCase("/api/chat", """{"message":"x"}""", "session_id")]
    [TestCase("/api/chat?session_id=a%20b", """{"message":"x"}""", "session_id")]
    [TestCase("/api/chat?session_id=s", """{"message":"x","message_id":"a b"}""", "message_id")]
    [TestCase("/api/chat?session_id=s&conversation_id=conv-1&agent_type=brain", """{"message":"x"}""", "agent_type")]
    [TestCase("/api/chat?session_id=s", """{}""", "message")]
    [TestCase("/api/chat?session_id=s", """{"message":""}""", "message")]
    public async Task What_cannot_be_said_is_refused_by_name(string path, string body, string field)
    {
        using var response = await Http.PostAsync(path, Json(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity), text);
        Assert.That(JsonElement.Parse(text).GetProperty("errors").TryGetProperty(field, out _), Is.True, text);
    }

    [Test]
    public async Task A_new_conversation_can_name_its_agent()
    {
        var data = (await PostAsync("/api/chat?session_id=s&agent_type=executor", new { message = "hello" })).GetProperty("data");

        var task = await GetAsync($"/api/tasks/{data.Text("task_id")}");
        Assert.That((task.Text("assigned_agent"), task.Text("agent_type")), Is.EqualTo(("executor", "executor")));
        Assert.That((await GetAsync($"/api/conversations/{data.Text("conversation_id")}")).Text("agent_type"), Is.EqualTo("executor"));
    }

    /// <summary>Whose answer was lost sends again, perhaps while the first is still at work.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_message_that_is_sent_many_times_at_once_under_one_id_is_said_once(bool inAConversation)
    {
        var conversation = inAConversation ? $"&conversation_id={await BeginAsync()}" : "";
        var body = new { message = "once", message_id = $"msg-{Guid.NewGuid():N}" };
        // One that meets another at the very same moment may be told to try again.
        var sent = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var response = await Http.PostAsJsonAsync($"/api/chat?session_id=s{conversation}", body);
            return (response.StatusCode, Body: JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        }));
        var data = (await PostAsync($"/api/chat?session_id=s{conversation}", body)).GetProperty("data");

        Assert.That(sent.Select(answer => answer.StatusCode), Has.All.AnyOf(HttpStatusCode.OK, HttpStatusCode.Conflict));
        Assert.That(sent.Where(answer => answer.StatusCode == HttpStatusCode.OK).Select(answer => answer.Body.GetProperty("data").GetRawText()), Has.All.EqualTo(data.GetRawText()));
        Assert.That((await GetAsync($"/api/conversations/{data.Text("conversation_id")}")).GetProperty("message_count").GetInt32(), Is.EqualTo(1));
        await UntilQueuedAsync(data.Text("task_id")!);
    }

    [Test]
    public async Task What_is_said_in_a_conversation_reaches_the_queue_in_that_order_and_once()
    {
        var id = await BeginAsync();
        var tasks = new List<string>();
        for (var i = 0; i < 30; i++)
        {
            tasks.Add((await ChatAsync($"{i}", id)).TaskId);
        }

        await UntilQueuedAsync(tasks[^1]);
        // The engine takes from the right.
        var queue = (await Producer.GetDatabase().ListRangeAsync(Queue)).Reverse().Select(item => JsonElement.Parse((string)item!))
            .Where(item => item.Text("conversation_id") == id).Select(item => item.Text("task_id"));
        Assert.That(queue, Is.EqualTo(tasks));
        await Probe.Until(async () => await Database.QueryAsync<long>("SELECT count(*) FROM agent_outbox") == 0, "the outbox is empty");
    }

    [Test]
    public async Task Over_the_WebSocket_a_message_is_acknowledged_with_what_it_created()
    {
        await using var client = await Server.WatchAsync();
        await client.ReceiveAsync("connected");
        await client.SendAsync(new { type = "message", content = "hello", session_id = "ws-session", id = 7 });
        var first = await client.ReceiveAsync("ack");
        var id = first.Text("conversation_id")!;
        await client.SendAsync(new { type = "chat.message", message = "again", conversation_id = id });
        var second = await client.ReceiveAsync("ack");
        await client.SendAsync(new { type = "message", content = "?", conversation_id = "conv-none", id = "a" });
        var refused = await client.ReceiveAsync("error");
        await client.SendAsync(new { type = "message", content = "once", conversation_id = id, message_id = "msg-of-mine", id = 8 });
        var third = await client.ReceiveAsync("ack");
        await client.SendAsync(new { type = "message", content = "once", conversation_id = id, message_id = "msg-of-mine", id = 9 });
        var repeated = await client.ReceiveAsync("ack");
        await client.SendAsync(new { type = "message", content = "", id = "b" });
        var empty = await client.ReceiveAsync("error");

        Assert.Multiple(async () =>
        {
            Assert.That(first.GetProperty("id").GetInt32(), Is.EqualTo(7));
            Assert.That(second.Text("conversation_id"), Is.EqualTo(id));
            Assert.That((refused.Text("code"), refused.Text("id")), Is.EqualTo(("not_found", "a")));
            Assert.That((empty.Text("code"), empty.Text("id")), Is.EqualTo(("invalid", "b")));
            Assert.That((await GetAsync($"/api/tasks/{first.Text("task_id")}")).Text("session_id"), Is.EqualTo("ws-session"));
            Assert.That((third.Text("message_id"), repeated.Text("message_id"), repeated.Text("task_id")), Is.EqualTo(("msg-of-mine", "msg-of-mine", third.Text("task_id"))));
            Assert.That((await GetAsync($"/api/conversations/{id}")).GetProperty("message_count").GetInt32(), Is.EqualTo(3));
        });
        await UntilQueuedAsync(second.Text("task_id")!);
    }

    /// <summary>The engine says completed before it saves the reply; clients look at the messages when they hear completed.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_reply_that_comes_after_completed_is_seen_because_completed_is_said_again(bool namesItsTask)
    {
        var (taskId, id) = await ChatAsync("what?");
        await using var existing = await Server.WatchAsync("/ws/dashboard");
        await PublishAsync($"task:{taskId}:status", """{"status":"in_progress"}""");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PublishAsync($"task:{taskId}:status", """{"status":"completed","result":{"output":"that"}}""");
        await existing.CollectUntilAsync(frame => Says(frame, taskId, "completed"));
        await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", cost_usd = 0.125 });

        var before = (await GetAsync($"/api/tasks/{taskId}")).GetProperty("version").GetInt32();

        var reply = await SayAsync(id, "assistant", "that", namesItsTask ? taskId : null);

        var again = (await existing.CollectUntilAsync(frame => Says(frame, taskId, "completed") && frame.GetProperty("version").GetInt32() > before))[^1];
        Assert.That(again.Text("conversation_id"), Is.EqualTo(id));
        Assert.That((await GetAsync($"/api/conversations/{id}/messages"))[1].Text("message_id"), Is.EqualTo(reply.Text("message_id")));
    }

    private static bool Says(JsonElement frame, string taskId, string status) =>
        frame.Type() == "task_status" && frame.Text("task_id") == taskId && frame.Text("status") == status;

    private Task<string> CountsAsync() => Database.QueryAsync<string>(
        """
        SELECT concat_ws(' ', (SELECT count(*) FROM tasks), (SELECT count(*) FROM conversation_messages), (SELECT count(*) FROM sessions), (SELECT count(*) FROM conversations))
        """);
}
