using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>What the system page shows.</summary>
[TestFixture]
internal sealed class FiguresTests : ServerFixture
{
    [Test]
    public async Task Figures_follow_what_the_service_does()
    {
        var id = NewTaskId("figures");
        await using var watcher = await Server.WatchAsync();
        await watcher.SubscribeAsync($"task:{id}");
        var before = await GetAsync("/api/system/figures");
        await PublishAsync($"task:{id}:output", "hello");
        await watcher.CollectUntilAsync(frame => frame.Type() == "task_output");

        var after = before;
        await Probe.Until(
            async () => Grown(after = await GetAsync("/api/system/figures"), "rows_stored") >= 2, "what was published is counted as stored");

        Assert.Multiple(() =>
        {
            Assert.That(after.GetProperty("status").GetString(), Is.EqualTo("healthy"));
            Assert.That(after.GetProperty("instance").GetString(), Is.EqualTo(before.GetProperty("instance").GetString()).And.Not.Empty);
            Assert.That(after.GetProperty("started_at").GetDateTimeOffset(), Is.LessThan(after.GetProperty("at").GetDateTimeOffset()));
            Assert.That(after.GetProperty("now").GetProperty("connections").GetInt32(), Is.EqualTo(1));
            Assert.That(after.GetProperty("now").GetProperty("subscriptions").GetInt32(), Is.EqualTo(1));
            Assert.That(after.GetProperty("now").GetProperty("working_set_bytes").GetInt64(), Is.GreaterThan(10_000_000));
            Assert.That(after.GetProperty("components").GetProperty("ingest").GetProperty("inbox_capacity").GetInt64(), Is.GreaterThan(0));
            Assert.That(after.GetProperty("components").GetProperty("postgres").GetProperty("status").GetString(), Is.EqualTo("up"));
            Assert.That(Grown(after, "frames_sent"), Is.GreaterThanOrEqualTo(2));
            Assert.That(Grown(after, "bytes_sent"), Is.GreaterThan(100));
            Assert.That(Grown(after, "cpu_seconds"), Is.GreaterThan(0));
            Assert.That(after.GetProperty("totals").GetProperty("ingested").GetProperty("taken").GetInt64(), Is.GreaterThanOrEqualTo(1));
        });

        double Grown(JsonElement now, string name) => Total(now, name) - Total(before, name);
    }

    [Test]
    public async Task Delays_come_as_buckets_that_add_up()
    {
        var id = NewTaskId("delays");
        await using var watcher = await Server.WatchAsync();
        await watcher.SubscribeAsync($"task:{id}");
        await PublishAsync($"task:{id}:output", "hello");
        await watcher.CollectUntilAsync(frame => frame.Type() == "task_output");

        var buckets = (await GetAsync("/api/system/figures")).GetProperty("lag").EnumerateArray().ToList();

        Assert.Multiple(() =>
        {
            Assert.That(buckets.SkipLast(1).Select(bucket => bucket.GetProperty("le").GetDouble()), Is.Ordered.And.Unique);
            Assert.That(buckets[^1].GetProperty("le").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(buckets.Select(bucket => bucket.GetProperty("count").GetInt64()), Is.Ordered);
            Assert.That(buckets[^1].GetProperty("count").GetInt64(), Is.GreaterThan(0));
        });
    }

    private static double Total(JsonElement figures, string name) => figures.GetProperty("totals").GetProperty(name).GetDouble();
}
