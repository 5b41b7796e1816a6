using System.Net.Http.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>A Redis that keeps its connections and answers nothing for a while.</summary>
internal sealed class PausedRedisTests : ServerFixture
{
    protected override string[] Settings => ["Redis:CommandTimeout=00:00:01"];

    [TestCase(0)]
    [TestCase(20, Explicit = true, Reason = "Takes its time")]
    public async Task Clients_stay_and_are_told_and_get_what_was_said_meanwhile(int seconds)
    {
        var id = await RegisterAsync();
        await using var client = await Server.WatchAsync();
        await client.SubscribeAsync("system");
        await client.SubscribeAsync($"task:{id}");
        Redis.Pause();
        Task posting;
        Task streaming;
        try
        {
            posting = Http.PostAsJsonAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = "posted" } } });
            streaming = AddEventAsync("task:output", id, new { content = "streamed" });
            var away = await client.CollectUntilAsync(frame => frame.Type() == "system");
            Assert.That(away[^1].Text("state"), Is.EqualTo("redis_away"));
            Assert.That((await GetAsync("/api/health")).GetProperty("redis").GetProperty("status").GetString(), Is.EqualTo("down"));
            await Task.Delay(TimeSpan.FromSeconds(seconds));
        }
        finally
        {
            Redis.Resume();
        }

        var seen = new HashSet<string?>(StringComparer.Ordinal);
        await client.CollectUntilAsync(
            frame =>
            {
                seen.Add(frame.Text("state") ?? frame.Text("output"));
                return seen.IsSupersetOf(["redis_back", "posted", "streamed"]);
            });
        await Task.WhenAll(posting, streaming).WaitAsync(Probe.Deadline);
        Assert.That(await ReadOutputAsync(id), Is.EquivalentTo(["posted", "streamed"]));
    }
}
