using System.Net;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>What Prometheus and an OTLP collector get.</summary>
[TestFixture]
internal sealed class MetricsTests : ServerFixture
{
    /// <summary>Every label that there may be: each has few values.</summary>
    private static readonly string[] KnownLabels =
        ["cause", "code", "cpu_mode", "gc_heap_generation", "http_request_method", "http_response_status_code", "http_route", "le", "outcome", "reason", "result", "status"];

    [Test]
    public async Task Metrics_are_the_text_that_Prometheus_reads()
    {
        await GetAsync("/api/tasks");
        await using var watcher = await Server.WatchAsync();
        await watcher.ReceiveAsync("connected");
        using var response = await Http.GetAsync("/metrics");
        var scrape = Scrape.Parse(await response.Content.ReadAsStringAsync());

        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/plain; version=0.0.4; charset=utf-8"));
            Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
            Assert.That(scrape.Types, Has.Some.EqualTo(KeyValuePair.Create("realtime_connections", "gauge")));
            Assert.That(scrape.Types, Has.Some.EqualTo(KeyValuePair.Create("dashboard_task_log_pending_bytes", "gauge")));
            Assert.That(scrape.Types, Has.Some.EqualTo(KeyValuePair.Create("http_server_request_duration_seconds", "histogram")));
            Assert.That(scrape.Types, Has.Some.EqualTo(KeyValuePair.Create("dashboard_process_thread_pool_queue", "gauge")));
            Assert.That(scrape.Sum("dotnet_process_cpu_time_seconds_total"), Is.GreaterThan(0));
            Assert.That(scrape.Sum("dotnet_process_memory_working_set_bytes"), Is.GreaterThan(10_000_000));
            Assert.That(scrape.Types.Where(type => type.Value == "counter").Select(type => type.Key), Has.All.EndsWith("_total"));
        });
    }

    [Test]
    public async Task Buckets_of_a_histogram_add_up()
    {
        await GetAsync("/api/tasks");
        await GetAsync("/api/tasks");
        var scrape = await ScrapeAsync();

        var buckets = scrape.Samples
            .Where(sample => sample.Name == "http_server_request_duration_seconds_bucket" && sample.Labels["http_route"] == "/api/tasks/")
            .ToList();
        var bounds = buckets.Select(bucket => Scrape.Number(bucket.Labels["le"])).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(bounds, Has.Count.GreaterThan(5).And.Ordered.And.Unique);
            Assert.That(bounds[^1], Is.EqualTo(double.PositiveInfinity));
            Assert.That(buckets.Select(bucket => bucket.Value), Is.Ordered);
            Assert.That(buckets[^1].Value, Is.GreaterThanOrEqualTo(2));
            Assert.That(buckets[^1].Value, Is.EqualTo(scrape.Sum("http_server_request_duration_seconds_count", ("http_route", "/api/tasks/"))));
            Assert.That(scrape.Sum("http_server_request_duration_seconds_sum", ("http_route", "/api/tasks/")), Is.GreaterThan(0));
        });
    }

    [Test]
    public async Task Published_output_moves_the_counters_and_names_no_task()
    {
        var id = NewTaskId("counted");
        var before = await ScrapeAsync();
        await using var watcher = await Server.WatchAsync();
        await watcher.SubscribeAsync($"task:{id}");
        for (var i = 0; i < 5; i++)
        {
            await PublishAsync($"task:{id}:output", $"line {i}\n");
        }

        await watcher.CollectUntilAsync(frame => frame.TryGetProperty("output", out var output) && output.GetString() == "line 4\n");
        await GetAsync($"/api/tasks/{id}/log");
        Scrape after = null!;
        await Probe.Until(
            async () => Grown(after = await ScrapeAsync(), "dashboard_task_log_rows_stored_total") >= 6, "what was published is counted as stored");

        Assert.Multiple(() =>
        {
            Assert.That(after.Sum("realtime_connections"), Is.EqualTo(before.Sum("realtime_connections") + 1));
            Assert.That(after.Sum("realtime_subscriptions"), Is.EqualTo(before.Sum("realtime_subscriptions") + 1));
            Assert.That(Grown(after, "dashboard_ingest_messages_total", ("outcome", "taken"), ("reason", "output")), Is.EqualTo(5));
            Assert.That(Grown(after, "realtime_frames_sent_total"), Is.GreaterThanOrEqualTo(6));
            Assert.That(Grown(after, "realtime_bytes_sent_total"), Is.GreaterThan(6 * 20));
            Assert.That(Grown(after, "realtime_lag_seconds_count"), Is.GreaterThanOrEqualTo(1));
            Assert.That(Grown(after, "dashboard_task_log_write_duration_seconds_count"), Is.GreaterThanOrEqualTo(1));
            Assert.That(after.Samples.SelectMany(sample => sample.Labels.Keys).Distinct(), Is.SubsetOf(KnownLabels));
            Assert.That(after.Samples.SelectMany(sample => sample.Labels.Values), Has.None.Contains(id));
            Assert.That(after.Samples.SelectMany(sample => sample.Labels.Values), Has.Some.EqualTo("/api/tasks/{taskId}/log"));
        });

        double Grown(Scrape now, string name, params (string, string)[] labels) => now.Sum(name, labels) - before.Sum(name, labels);
    }

    [Test]
    public async Task Connections_and_subscriptions_are_there_before_the_first_client()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var fresh = await DashboardServer.StartAsync(database);
        var samples = Scrape.Parse(await fresh.Http.GetStringAsync("/metrics")).Samples;
        Assert.That(
            samples.Where(sample => sample.Name is "realtime_connections" or "realtime_subscriptions").Select(sample => (sample.Name, sample.Value)),
            Is.EquivalentTo(new[] { ("realtime_connections", 0.0), ("realtime_subscriptions", 0.0) }));
    }

    [Test]
    public async Task A_server_counts_only_for_itself()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var other = await DashboardServer.StartAsync(database);
        var before = await ScrapeAsync();

        await using var watcher = await other.WatchAsync();
        await watcher.ReceiveAsync("connected");

        Assert.That(Scrape.Parse(await other.Http.GetStringAsync("/metrics")).Sum("realtime_connections"), Is.EqualTo(1));
        Assert.That((await ScrapeAsync()).Sum("realtime_connections"), Is.EqualTo(before.Sum("realtime_connections")));
    }

    [Test]
    public async Task A_collector_that_is_configured_gets_the_metrics()
    {
        using var collector = new HttpListener();
        var port = Collector.Start(collector);
        await using var database = await TestDatabase.CreateAsync();
        await using var exporting = await DashboardServer.StartAsync(
            database, null, $"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_METRIC_EXPORT_INTERVAL=100");

        var request = await Collector.ReceiveAsync(collector).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(request.Path, Is.EqualTo("/v1/metrics"));
        Assert.That(request.Body, Does.Contain("dashboard-api").And.Contain("dotnet.process.cpu.time"));
    }

    private async Task<Scrape> ScrapeAsync() => Scrape.Parse(await Http.GetStringAsync("/metrics"));
}
