using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Analytics;

/// <summary>The channel <c>stats</c> says what REST says.</summary>
[TestFixture]
internal sealed class StatsChannelTests : ServerFixture
{
    [Test]
    public async Task Whoever_subscribes_hears_the_figures_and_every_change_of_them_at_most_once_per_second()
    {
        await using var client = await Server.WatchAsync();
        await client.SubscribeAsync("stats");
        var first = await client.ReceiveAsync("stats");
        var before = await GetAsync("/api/analytics/summary");
        Assert.That(Without(first.GetProperty("data")), Is.EqualTo(Without(before)));
        var completed = Completed(before) + 30;

        for (var i = 0; i < 30; i++)
        {
            var taskId = await RegisterAsync();
            await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", cost_usd = 0.5, input_tokens = 10, model = "large" });
        }

        var frames = await client.CollectUntilAsync(frame => frame.Type() == "stats" && Completed(frame.GetProperty("data")) == completed);
        var stats = frames.Where(frame => frame.Type() == "stats").ToList();
        var summary = await GetAsync("/api/analytics/summary");

        Assert.That(Without(stats[^1].GetProperty("data")), Is.EqualTo(Without(summary)));
        Assert.That(stats[^1].GetProperty("data").GetProperty("today_cost").GetDecimal(), Is.EqualTo(before.GetProperty("today_cost").GetDecimal() + 15));
        var times = stats.Select(frame => frame.GetProperty("timestamp").GetDateTimeOffset()).ToList();
        Assert.That(times.Zip(times.Skip(1), (one, next) => (next - one).TotalSeconds), Has.All.GreaterThan(0.5));

        // Somebody new hears what has not changed.
        await using var late = await Server.WatchAsync();
        await late.SubscribeAsync("stats");
        Assert.That(Without((await late.ReceiveAsync("stats")).GetProperty("data")), Is.EqualTo(Without(summary)));
    }

    [Test]
    public async Task A_model_is_known_from_the_report_the_registration_or_its_metadata()
    {
        var reported = await RegisterAsync();
        await PatchAsync($"/api/tasks/{reported}", new { model = "model-a" });
        var named = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = named, source = "github", input_message = "x", model = "model-b" });
        var inMetadata = NewTaskId();
        await PostAsync("/api/tasks", new { task_id = inMetadata, source = "github", input_message = "x", source_metadata = new { model = "model-c" } });
        var streamed = NewTaskId();
        await AddEventAsync("task:completed", streamed, new { status = "completed", result = "ok", cost_usd = 1, model = "model-d" });
        await Probe.Until(
            async () => (await Http.GetAsync($"/api/tasks/{streamed}")).IsSuccessStatusCode && await StatusOfAsync(streamed) == "completed", "the report is taken");

        var models = new List<string?>();
        foreach (var task in new[] { reported, named, inMetadata, streamed })
        {
            models.Add((await GetAsync($"/api/tasks/{task}")).GetProperty("model").GetString());
        }

        Assert.That(models, Is.EqualTo(new[] { "model-a", "model-b", "model-c", "model-d" }));
        var rows = (await GetAsync("/api/analytics/breakdown?by=model&top=100&order=tasks")).GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("value").GetString());
        Assert.That(rows, Is.SupersetOf(models));
        await PatchAsync($"/api/tasks/{reported}", new { model = new string('m', 256) }, HttpStatusCode.UnprocessableEntity);
    }

    private static long Completed(JsonElement summary) => summary.GetProperty("figures").GetProperty("completed").GetInt64();

    /// <summary>Time goes by between two questions.</summary>
    private static string Without(JsonElement summary) =>
        JsonSerializer.Serialize(summary.EnumerateObject().Where(member => member.Name != "to").ToDictionary(member => member.Name, member => member.Value));
}
