using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>The agent engine's real order of calls for one run, its wrong order included.</summary>
[TestFixture]
internal sealed class EngineRunTests : ServerFixture
{
    [Test]
    public async Task A_failed_run_that_is_published_as_completed_first_ends_as_failed_with_its_cost_and_every_line_once()
    {
        var id = await RegisterAsync(source: "dashboard");
        await BeginAsync(id);
        await AddEventAsync("task:thinking", id, new { type = "thinking", content = "Let me see." });
        await AddEventAsync("task:tool_call", id, new { type = "tool_call", name = "Bash", input = new { command = "make" } });
        await AddEventAsync("task:tool_result", id, new { type = "tool_result", name = "Bash", content = "make: error\n", is_error = true });

        await PublishAsync($"task:{id}:status", JsonSerializer.Serialize(new
        {
            status = "completed",
            result = new { output = "It failed.\n", raw_output = "RAW It failed.\n", cost_usd = 0.5, input_tokens = 100, output_tokens = 50 },
        }));
        await Probe.Until(async () => await StatusOfAsync(id) == "completed", "completed is taken, provisionally");
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty("provisional").GetBoolean(), Is.True);
        await AddEventAsync("task:raw_output", id, new { raw_output = "RAW It failed.\n" });
        await AddEventAsync("task:output", id, new { content = "It failed.\n" });
        await PatchAsync($"/api/tasks/{id}", new { status = "failed", output = "It failed.\n", error = "exit 2", cost_usd = 0.5, duration_seconds = 12.5 });
        await PatchAsync($"/api/tasks/{id}", new { status = "failed", output = "It failed.\n", error = "exit 2", cost_usd = 0.5, duration_seconds = 12.5 });

        await Probe.Until(async () => (await ReadOutputAsync(id)).Length > 0, "the final output is in the log");
        var task = await GetAsync($"/api/tasks/{id}");
        Assert.Multiple(async () =>
        {
            Assert.That(task.GetProperty("status").GetString(), Is.EqualTo("failed"));
            Assert.That(task.GetProperty("provisional").GetBoolean(), Is.False);
            Assert.That(task.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.5m));
            Assert.That(task.GetProperty("duration_seconds").GetDouble(), Is.EqualTo(12.5));
            Assert.That(task.GetProperty("error").GetString(), Is.EqualTo("exit 2"));
            Assert.That(await ReadOutputAsync(id), Is.EqualTo(new[] { "It failed.\n" }));
            Assert.That(await ReadOutputAsync(id, "thinking"), Is.EqualTo(new[] { "Let me see." }));
            Assert.That(await ReadOutputAsync(id, "tool_result"), Is.EqualTo(new[] { "make: error\n" }));
            Assert.That(await StatusesAsync(id), Is.EqualTo(new[] { "queued", "running", "completed", "failed" }));
        });
    }

    [Test]
    public async Task A_failure_that_the_channel_itself_tells_needs_no_PATCH()
    {
        var id = await RegisterAsync();
        await BeginAsync(id);
        await PublishAsync($"task:{id}:status", """{"status":"completed","result":{"success":false,"error":"no","output":"bye\n"}}""");

        await Probe.Until(async () => await StatusOfAsync(id) == "failed", "it failed");
    }

    [Test]
    public async Task What_was_streamed_is_not_repeated_by_the_result()
    {
        var id = await RegisterAsync();
        await BeginAsync(id);
        await AddEventAsync("task:output", id, new { content = "streamed one\n" });
        await AddEventAsync("task:output", id, new { content = "streamed two\n" });
        await Probe.Until(async () => (await ReadOutputAsync(id)).Length == 2, "both are streamed");
        await PublishAsync($"task:{id}:status", """{"status":"completed","result":{"output":"streamed one\nstreamed two\n"}}""");
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", output = "streamed one\nstreamed two\n" });

        // A follower ends when it is decided that nothing more comes.
        Assert.That(await Http.GetStringAsync($"/api/tasks/{id}/output.txt?follow=1"), Is.EqualTo("streamed one\nstreamed two\n"));
        Assert.That(await ReadOutputAsync(id), Is.EqualTo(new[] { "streamed one\n", "streamed two\n" }));
    }

    [Test]
    public async Task A_task_that_a_person_stopped_stays_cancelled_whatever_the_engine_says_later()
    {
        var id = await RegisterAsync();
        await BeginAsync(id);
        await PatchAsync($"/api/tasks/{id}", new { status = "cancelled" });
        await PublishAsync($"task:{id}:status", """{"status":"completed","result":{"cost_usd":0.75}}""");
        await Probe.Until(async () => (await GetAsync($"/api/tasks/{id}")).GetProperty("cost_usd").GetDecimal() == 0.75m, "its cost is taken");
        await AddEventAsync("task:failed", id, new { error = "killed" });
        await PatchAsync($"/api/tasks/{id}", new { status = "failed" });

        Assert.That(await StatusOfAsync(id), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_task_that_only_the_stream_knows_is_created_from_it()
    {
        var id = NewTaskId();
        await AddEventAsync("task:created", id, new { task_id = id, session_id = "session-7", input_message = "hi", source = "slack", assigned_agent = "brain" });
        await AddEventAsync("task:started", id, new { task_id = id });
        await AddEventAsync("task:completed", id, new { task_id = id, status = "completed", cost_usd = 0.125, input_tokens = 5, output_tokens = 6, duration_seconds = 2 });

        await Probe.Until(
            async () => (await Http.GetAsync($"/api/tasks/{id}")).IsSuccessStatusCode && await StatusOfAsync(id) == "completed", "the stream's task is there");
        var task = await GetAsync($"/api/tasks/{id}");
        Assert.Multiple(() =>
        {
            Assert.That(task.GetProperty("source").GetString(), Is.EqualTo("slack"));
            Assert.That(task.GetProperty("session_id").GetString(), Is.EqualTo("session-7"));
            Assert.That(task.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.125m));
        });
    }

    private async Task BeginAsync(string id)
    {
        await AddEventAsync("task:created", id, new { task_id = id, input_message = "do it", source = "unknown" });
        await AddEventAsync("task:started", id, new { task_id = id });
        await PublishAsync($"task:{id}:status", """{"status":"in_progress"}""");
        await PatchAsync($"/api/tasks/{id}", new { status = "running" });
    }

    private async Task<string[]> StatusesAsync(string id) =>
        [.. (await ReadLogAsync(id)).Where(e => e.GetProperty("type").GetString() == "status" && e.GetProperty("status").GetString() is { } s
            && e.GetProperty("previous").GetString() != s).Select(e => e.GetProperty("status").GetString()!).Distinct()];
}
