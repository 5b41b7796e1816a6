using System.Net;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.System;

[TestFixture]
internal sealed class HealthTests : ServerFixture
{
    [Test]
    public async Task Health_has_the_numbers_that_existing_clients_read()
    {
        await Producer.GetDatabase().ListLeftPushAsync("agent:tasks", "{}");
        await using var watcher = await Server.WatchAsync();
        await watcher.ReceiveAsync("connected");

        await Probe.Until(
            async () => (await GetAsync("/api/health")).GetProperty("queue_length").GetInt32() == 1, "the queue that is really consumed is counted");
        var health = await GetAsync("/api/health");
        var status = await GetAsync("/api/status");

        Assert.Multiple(() =>
        {
            Assert.That(health.GetProperty("status").GetString(), Is.EqualTo("healthy"));
            Assert.That(health.GetProperty("service").GetString(), Is.EqualTo("dashboard-api"));
            Assert.That(health.GetProperty("connections").GetInt32(), Is.EqualTo(1));
            Assert.That(health.GetProperty("sessions").GetInt32(), Is.EqualTo(1));
            Assert.That(health.GetProperty("postgres").GetProperty("status").GetString(), Is.EqualTo("up"));
            Assert.That(health.GetProperty("redis").GetProperty("status").GetString(), Is.EqualTo("up"));
            Assert.That(status.GetProperty("status").GetString(), Is.EqualTo("online"));
            Assert.That(status.GetProperty("queue_length").GetInt32(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_server_without_its_store_and_Redis_starts_and_says_so()
    {
        await using var redis = RedisServer.Absent();
        await using var lonely = await DashboardServer.StartWithoutWaitingAsync("Host=127.0.0.1;Port=1;Database=none;Username=none", redis.ConnectionString);

        await Probe.Until(
            async () => (await ReadAsync(lonely, "/api/health")).GetProperty("postgres").GetProperty("status").GetString() == "down", "PostgreSQL is said to be away");
        var health = await ReadAsync(lonely, "/api/health");
        using var ready = await lonely.Http.GetAsync("/api/health/ready");
        using var list = await lonely.Http.GetAsync("/api/tasks");
        using var live = await lonely.Http.GetAsync("/api/health/live");

        Assert.Multiple(() =>
        {
            Assert.That(health.GetProperty("status").GetString(), Is.EqualTo("degraded"));
            Assert.That(health.GetProperty("redis").GetProperty("status").GetString(), Is.EqualTo("down"));
            Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(list.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(list.Headers.RetryAfter, Is.Not.Null);
            Assert.That(live.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });
    }

    [Test]
    public async Task A_server_without_Redis_configured_is_ready()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var single = await DashboardServer.StartAsync(database);

        Assert.That((await ReadAsync(single, "/api/health")).GetProperty("redis").GetProperty("status").GetString(), Is.EqualTo("disabled"));
    }

    private static async Task<JsonElement> ReadAsync(DashboardServer server, string path) => JsonElement.Parse(await server.Http.GetStringAsync(path));
}
