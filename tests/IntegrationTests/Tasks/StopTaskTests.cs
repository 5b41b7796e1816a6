using System.Net;
using System.Text.Json;
using GrooteDashboard.IntegrationTests.Conversations;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Tasks;

/// <summary>Stop, retry and input: what people tell the engine.</summary>
[TestFixture]
internal sealed class StopTaskTests : ConversationFixture
{
    [Test]
    public async Task A_queued_task_leaves_the_queue_and_then_its_stop_is_confirmed()
    {
        var (taskId, _) = await ChatAsync("never mind");
        await UntilQueuedAsync(taskId);
        var (neighbour, _) = await ChatAsync($"I name {taskId}, and stay");
        await UntilQueuedAsync(neighbour);

        var answer = await PostAsync($"/api/tasks/{taskId}/stop", new { });

        await Probe.Until(async () => (await QueuedAsync(taskId)).Count == 0, "it left the queue");
        await Probe.Until(async () => (await GetAsync($"/api/tasks/{taskId}")).Text("stop_confirmed_at") is not null, "the stop is confirmed");
        Assert.Multiple(async () =>
        {
            Assert.That(answer.EnumerateObject().Select(field => field.Name), Is.EqualTo(new[] { "success", "message", "data", "error" }));
            Assert.That(answer.GetProperty("success").GetBoolean(), Is.True);
            Assert.That(answer.GetProperty("data").Text("status"), Is.EqualTo("cancelled"));
            Assert.That(await QueuedAsync(neighbour), Has.Count.EqualTo(1));
            Assert.That((await GetAsync($"/api/tasks/{taskId}")).Text("completed_at"), Is.Not.Null);
            Assert.That((string?)await Producer.GetDatabase().StringGetAsync($"task:{taskId}:status"), Is.EqualTo("cancelled"));
            Assert.That(await Producer.GetDatabase().KeyTimeToLiveAsync($"task:{taskId}:status"), Is.InRange(TimeSpan.FromMinutes(59), TimeSpan.FromHours(1)));
        });
    }

    [Test]
    public async Task A_running_task_is_told_to_stop_and_unconfirmed_until_the_engine_says_that_it_ended()
    {
        var taskId = await RegisterAsync();
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        var heard = await ListenToControlAsync(taskId);

        var data = (await PostAsync($"/api/tasks/{taskId}/stop", new { })).GetProperty("data");
        await Probe.Until(() => heard.Contains("""{"action":"stop"}"""), "the engine is told");
        var again = await PostAsync($"/api/tasks/{taskId}/stop", new { });
        var before = await GetAsync($"/api/tasks/{taskId}");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", cost_usd = 0.5 });
        var after = await GetAsync($"/api/tasks/{taskId}");

        Assert.Multiple(() =>
        {
            Assert.That((data.GetProperty("confirmed").GetBoolean(), data.GetProperty("waiting_seconds").GetDouble()), Is.EqualTo((false, 0d)));
            Assert.That((again.GetProperty("success").GetBoolean(), again.Text("message")), Is.EqualTo((false, "Cannot stop task in status: cancelled")));
            Assert.That(again.GetProperty("data").GetProperty("waiting_seconds").GetDouble(), Is.Positive);
            Assert.That(before.Text("stop_requested_at"), Is.EqualTo(data.Text("requested_at")));
            Assert.That(before.Text("stop_confirmed_at"), Is.Null);
            Assert.That((after.Text("status"), after.GetProperty("cost_usd").GetDecimal()), Is.EqualTo(("cancelled", 0.5m)));
            Assert.That(after.Text("stop_confirmed_at"), Is.Not.Null);
        });
    }

    [Test]
    public async Task An_engine_that_begins_with_a_stopped_task_is_told_again()
    {
        var taskId = await RegisterAsync();
        await PostAsync($"/api/tasks/{taskId}/stop", new { });
        await Probe.Until(async () => await Database.QueryAsync<long>("SELECT count(*) FROM agent_outbox") == 0, "the first stop was told to nobody");
        var heard = await ListenToControlAsync(taskId);

        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });

        await Probe.Until(() => heard.Count == 1, "the engine is told");
        Assert.That(await StatusOfAsync(taskId), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_task_that_waits_for_input_can_be_answered_and_stopped_and_no_other_can_be_answered()
    {
        var taskId = await RegisterAsync();
        var heard = await ListenToControlAsync(taskId);
        await PostAsync($"/api/tasks/{taskId}/input", new { message = "too early" }, HttpStatusCode.Conflict);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PatchAsync($"/api/tasks/{taskId}", new { status = "waiting_input" });

        await PostAsync($"/api/tasks/{taskId}/input", new { message = "the \"second\" one" });
        await PostAsync($"/api/tasks/{taskId}/input", new { message = "" }, HttpStatusCode.UnprocessableEntity);
        await Probe.Until(() => heard.Count == 1, "the engine is told");
        await PostAsync($"/api/tasks/{taskId}/stop", new { });
        await Probe.Until(() => heard.Count == 2, "the engine is told again");

        Assert.That(heard, Is.EqualTo(new[] { """{"action":"input","message":"the \"second\" one"}""", """{"action":"stop"}""" }));
    }

    [Test]
    public async Task A_task_that_has_ended_is_done_again_as_a_new_one()
    {
        var (taskId, id) = await ChatAsync("try");
        await PostAsync($"/api/tasks/{taskId}/retry", new { }, HttpStatusCode.Conflict);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "failed", error = "no" });

        var retried = await PostAsync($"/api/tasks/{taskId}/retry", new { });

        var again = retried.Text("task_id")!;
        var task = await GetAsync($"/api/tasks/{again}");
        var item = await UntilQueuedAsync(again);
        Assert.Multiple(() =>
        {
            Assert.That((task.Text("status"), task.Text("parent_task_id"), task.Text("conversation_id"), task.Text("input_message")),
                Is.EqualTo(("queued", taskId, id, "try")));
            Assert.That(item.Text("prompt"), Does.EndWith("try"));
        });
    }

    [Test]
    public async Task A_task_of_a_webhook_is_queued_again_as_its_gateway_would()
    {
        var taskId = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = taskId, source = "jira", input_message = "do", source_metadata = new { event_type = "issue", issue = new { key = "K-1" } } });
        await PatchAsync($"/api/tasks/{taskId}", new { status = "failed" });

        var item = await UntilQueuedAsync((await PostAsync($"/api/tasks/{taskId}/retry", new { })).Text("task_id")!);

        Assert.That((item.Text("source"), item.Text("event_type"), item.GetProperty("issue").Text("key")), Is.EqualTo(("jira", "issue", "K-1")));
    }

    [Test]
    public async Task Over_the_WebSocket_tasks_are_stopped_and_answered()
    {
        var taskId = await RegisterAsync();
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await using var client = await Server.WatchAsync();
        await client.ReceiveAsync("connected");
        await client.SendAsync(new { type = "task.input", task_id = taskId, message = "x", id = 1 });
        var early = await client.ReceiveAsync("error");
        await PatchAsync($"/api/tasks/{taskId}", new { status = "waiting_input" });
        await client.SendAsync(new { type = "input", task_id = taskId, message = "x", id = 2 });
        await client.ReceiveAsync("ack");
        await client.SendAsync(new { type = "stop", task_id = taskId, id = 3 });
        await client.ReceiveAsync("ack");
        await client.SendAsync(new { type = "task.stop", task_id = taskId, id = 4 });
        var late = await client.ReceiveAsync("error");
        await client.SendAsync(new { type = "stop", task_id = "task-none", id = 5 });
        var unknown = await client.ReceiveAsync("error");

        Assert.That((early.Text("code"), late.Text("code"), unknown.Text("code")), Is.EqualTo(("not_waiting", "conflict", "not_found")));
        Assert.That(await StatusOfAsync(taskId), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Several_are_stopped_at_once_and_each_has_its_own_outcome()
    {
        var (queued, conversation) = await ChatAsync("one");
        var (sibling, _) = await ChatAsync("two", conversation);
        await UntilQueuedAsync(sibling);
        var running = await RegisterAsync();
        await PatchAsync($"/api/tasks/{running}", new { status = "running" });
        var heard = await ListenToControlAsync(running);
        var ended = await RegisterAsync();
        await PatchAsync($"/api/tasks/{ended}", new { status = "completed" });

        var answer = await PostAsync("/api/tasks/stop", new { task_ids = new[] { running, "task-none", queued, ended, sibling, running } });

        await Probe.Until(() => heard.Contains("""{"action":"stop"}"""), "the engine is told");
        await Probe.Until(async () => (await QueuedAsync(queued)).Count == 0 && (await QueuedAsync(sibling)).Count == 0, "both left the queue");
        Assert.Multiple(async () =>
        {
            Assert.That(OutcomesOf(answer), Is.EqualTo(new[]
            {
                (running, true, "cancelled", (string?)null),
                ("task-none", false, null, "Task not found"),
                (queued, true, "cancelled", null),
                (ended, false, "completed", "Cannot stop task in status: completed"),
                (sibling, true, "cancelled", null),
            }));
            Assert.That((await StatusOfAsync(queued), await StatusOfAsync(sibling), await StatusOfAsync(running)), Is.EqualTo(("cancelled", "cancelled", "cancelled")));
        });
    }

    [Test]
    public async Task Several_are_done_again_and_those_that_have_not_ended_keep_none_from_it()
    {
        var (failed, _) = await ChatAsync("again");
        await PatchAsync($"/api/tasks/{failed}", new { status = "failed" });
        var running = await RegisterAsync();
        await PatchAsync($"/api/tasks/{running}", new { status = "running" });

        var results = (await PostAsync("/api/tasks/retry", new { task_ids = new[] { running, failed, "task-none" } })).GetProperty("results");

        var again = results[1].Text("retried_as")!;
        Assert.Multiple(async () =>
        {
            Assert.That(results.EnumerateArray().Select(result => result.GetProperty("ok").GetBoolean()), Is.EqualTo(new[] { false, true, false }));
            Assert.That(results[0].Text("detail"), Does.Contain("running"));
            Assert.That(results[0].TryGetProperty("retried_as", out _), Is.False);
            Assert.That((await GetAsync($"/api/tasks/{again}")).Text("parent_task_id"), Is.EqualTo(failed));
            Assert.That((await UntilQueuedAsync(again)).Text("prompt"), Does.EndWith("again"));
        });
    }

    [TestCase("""{"task_ids":[]}""")]
    [TestCase("""{}""")]
    [TestCase("""{"task_ids":["a/b"]}""")]
    [TestCase("""{"task_ids":[null]}""")]
    [TestCase("""{"task_ids":"task-1"}""")]
    public async Task Ids_that_are_none_are_refused(string body)
    {
        foreach (var what in new[] { "stop", "retry" })
        {
            using var answer = await Http.PostAsync($"/api/tasks/{what}", Json(body));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        }
    }

    [Test]
    public Task More_than_a_hundred_at_once_are_refused() => PostAsync(
        "/api/tasks/stop", new { task_ids = Enumerable.Range(0, 101).Select(i => $"task-{i}") }, HttpStatusCode.UnprocessableEntity);

    [TestCase("stop")]
    [TestCase("retry")]
    public Task An_unknown_task_is_not_found(string what) => PostAsync($"/api/tasks/task-none/{what}", new { }, HttpStatusCode.NotFound);

    private static IEnumerable<(string?, bool, string?, string?)> OutcomesOf(JsonElement answer) => answer.GetProperty("results").EnumerateArray()
        .Select(result => (result.Text("task_id"), result.GetProperty("ok").GetBoolean(), result.Text("status"), result.Text("detail")));
}
