using System.Diagnostics;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>The main job: what an engine publishes is on the screen of everyone who watches, and stays.</summary>
[TestFixture]
internal sealed class LiveOutputTests : ServerFixture
{
    [Test]
    public async Task Published_output_reaches_a_watcher_and_is_still_there_after_a_reload()
    {
        var id = NewTaskId("demo");
        await using var watcher = await Server.WatchAsync();
        await watcher.SubscribeAsync($"task:{id}");

        await PublishAsync($"task:{id}:output", "hello");
        var frame = (await watcher.CollectUntilAsync(f => f.Type() == "task_output"))[^1];

        Assert.Multiple(() =>
        {
            Assert.That(frame.GetProperty("task_id").GetString(), Is.EqualTo(id));
            Assert.That(frame.GetProperty("output").GetString(), Is.EqualTo("hello"));
            Assert.That(frame.GetProperty("offset").GetInt64(), Is.EqualTo(2), "the first entry says that the task runs");
        });
        await Probe.Until(async () => (await ReadOutputAsync(id)).Contains("hello"), "the output is stored");
        Assert.That((await GetAsync($"/api/tasks/{id}")).GetProperty("source").GetString(), Is.EqualTo("unknown"));
    }

    [Test]
    public async Task Published_output_is_on_a_watchers_screen_within_a_tenth_of_a_second()
    {
        var id = NewTaskId("fast");
        await using var watcher = await Server.WatchAsync();
        await watcher.SubscribeAsync($"task:{id}");
        var took = new List<TimeSpan>();
        for (var i = 0; i < 20; i++)
        {
            var clock = Stopwatch.StartNew();
            await PublishAsync($"task:{id}:output", $"line {i}\n");
            await watcher.CollectUntilAsync(f => f.Type() == "task_output");
            took.Add(clock.Elapsed);
        }

        took.Sort();
        Assert.That(took[took.Count / 2], Is.LessThan(TimeSpan.FromMilliseconds(100)), "the median of 20, the task's creation included");
    }

    [Test]
    public async Task Text_and_JSON_and_unknown_JSON_are_output()
    {
        var id = NewTaskId();
        await PublishAsync($"task:{id}:output", """{"output":"from json","kind":"thinking","id":"x1"}""");
        await PublishAsync($"task:{id}:output", """{"output":"from json","kind":"thinking","id":"x1"}""");
        await PublishAsync($"task:{id}:output", """{"message":"not ours"}""");
        await PublishAsync($"task:{id}:output", "plain");

        await Probe.Until(async () => (await ReadOutputAsync(id)).Length == 2, "both texts are stored");
        Assert.That(await ReadOutputAsync(id), Is.EqualTo(new[] { """{"message":"not ours"}""", "plain" }));
        Assert.That(await ReadOutputAsync(id, "thinking"), Is.EqualTo(new[] { "from json" }));
    }

    [Test]
    public async Task Published_status_moves_the_task_and_everyone_who_watches_the_list_sees_it()
    {
        var id = await RegisterAsync();
        await using var watcher = await Server.WatchAsync("/ws/dashboard");
        await watcher.ReceiveAsync("connected");

        await PublishAsync($"task:{id}:status", """{"status":"in_progress"}""");
        await watcher.CollectUntilAsync(f => IsStatus(f, id, "running"));
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = 0.25 });
        var done = (await watcher.CollectUntilAsync(f => IsStatus(f, id, "completed")))[^1];

        Assert.That(done.GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.25m));
        Assert.That(done.GetProperty("previous").GetString(), Is.EqualTo("running"));
    }

    [Test]
    public async Task Garbage_from_producers_stops_nothing_and_is_counted()
    {
        var id = NewTaskId();
        await PublishAsync($"task:{id}:status", "not json");
        await PublishAsync($"task:{id}:status", """{"status":"dancing"}""");
        await PublishAsync("task:no spaces allowed:output", "lost");
        await PublishAsync($"task:{id}:output", "bad \0 byte");
        await PublishAsync($"task:{id}:output", "good");

        await Probe.Until(async () => (await ReadOutputAsync(id)).Length == 2, "output after the garbage is stored");
        Assert.That(await ReadOutputAsync(id), Is.EqualTo(new[] { "bad \uFFFD byte", "good" }));
        var ingest = (await GetAsync("/api/health")).GetProperty("ingest");
        Assert.That(ingest.GetProperty("malformed").GetInt64() + ingest.GetProperty("refused").GetInt64() + ingest.GetProperty("ignored").GetInt64(), Is.GreaterThanOrEqualTo(3));
    }

    [Test]
    public async Task The_cli_status_is_told_on_its_channel()
    {
        await using var watcher = await Server.WatchAsync("/ws/dashboard");
        await watcher.CollectUntilAsync(f => f.Type() == "subscribed" && f.GetProperty("channel").GetString() == "cli");
        await PublishAsync("cli:status", """{"provider":"claude","step":"ready","status":"healthy"}""");

        var frame = (await watcher.CollectUntilAsync(f => f.Type() == "cli_status_update"))[^1];

        Assert.That(frame.GetProperty("active").GetBoolean(), Is.True);
    }

    private static bool IsStatus(JsonElement frame, string taskId, string status) =>
        frame.Type() == "task_status" && frame.GetProperty("task_id").GetString() == taskId && frame.GetProperty("status").GetString() == status;
}
