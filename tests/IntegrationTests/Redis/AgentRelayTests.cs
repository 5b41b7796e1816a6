using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis;

/// <summary>What a person was promised reaches the agents' queue, whatever goes away meanwhile.</summary>
[TestFixture]
internal sealed class AgentRelayTests
{
    private TestDatabase _database = null!;
    private RedisServer _redis = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestDatabase.CreateAsync();
        _redis = await RedisServer.StartNewAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task While_Redis_is_away_messages_are_taken_and_delivered_in_order_when_it_is_back()
    {
        await using var server = await StartServerAsync();
        var id = (await ChatAsync(server, "first")).ConversationId;
        await Probe.Until(async () => await LengthAsync() == 1, "the first is delivered");
        await _redis.KillAsync();
        for (var i = 0; i < 5; i++)
        {
            await ChatAsync(server, $"m{i}", id);
        }

        Assert.That(await WaitingAsync(), Is.EqualTo(5));
        await _redis.StartAsync();

        await Probe.Until(async () => await LengthAsync() == 6, "all are delivered");
        Assert.That(await PromptsAsync(), Is.EqualTo(new[] { "first", "m0", "m1", "m2", "m3", "m4" }));
        await Probe.Until(async () => await WaitingAsync() == 0, "the outbox is empty");
    }

    [Test]
    public async Task A_stopped_task_that_was_never_delivered_is_never_delivered_and_confirmed_at_once()
    {
        await using var server = await StartServerAsync();
        await _redis.KillAsync();
        // One that the relay holds in its hand, and one behind it that it cannot have taken: the next hundred.
        var tasks = new List<string>();
        for (var i = 0; i < 101; i++)
        {
            tasks.Add((await ChatAsync(server, $"m{i}")).TaskId);
        }

        var stopped = await StopAsync(server, tasks[100]);
        await _redis.StartAsync();
        await Probe.Until(async () => await WaitingAsync() == 0, "everything is told");

        Assert.That(stopped.GetProperty("confirmed").GetBoolean(), Is.True);
        Assert.That(await _redis.CommandAsync("EXISTS", $"dash:agents:queued:{tasks[100]}"), Is.EqualTo(":0"), "it never was in the queue");
        Assert.That(await PromptsAsync(), Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"m{i}")));
    }

    [Test]
    public async Task Of_several_servers_one_delivers_and_another_takes_over()
    {
        await using var second = await StartServerAsync();
        string id;
        await using (var first = await StartServerAsync())
        {
            id = (await ChatAsync(first, "m0")).ConversationId;
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => ChatAsync(i % 2 == 0 ? first : second, "both", id)));
            await Probe.Until(async () => await LengthAsync() == 11, "all are delivered, each once");
        }

        await ChatAsync(second, "last", id);
        await Probe.Until(async () => await LengthAsync() == 12, "the other delivers");
        Assert.That((await PromptsAsync())[^1], Is.EqualTo("last"));
    }

    [Test]
    public async Task What_was_delivered_but_not_crossed_out_is_not_delivered_twice()
    {
        string taskId;
        await using (var server = await StartServerAsync())
        {
            taskId = (await ChatAsync(server, "once")).TaskId;
            await Probe.Until(async () => await LengthAsync() == 1 && await WaitingAsync() == 0, "it is delivered");
        }

        // As a process leaves it that is killed between the two.
        await _database.QueryAsync<long>(
            $$"""
            INSERT INTO agent_outbox (kind, task_id, payload, created_at, taken_at) VALUES ('work', '{{taskId}}', '{}', now(), now()) RETURNING id
            """);
        await using var restarted = await StartServerAsync();
        await Probe.Until(async () => await WaitingAsync() == 0, "it is crossed out");

        Assert.That(await LengthAsync(), Is.EqualTo(1));
    }

    private Task<DashboardServer> StartServerAsync() => DashboardServer.StartAsync(_database, _redis.ConnectionString);

    private static async Task<(string TaskId, string ConversationId)> ChatAsync(DashboardServer server, string message, string? conversationId = null)
    {
        var where = conversationId is null ? "" : $"&conversation_id={conversationId}";
        using var response = await server.Http.PostAsJsonAsync($"/api/chat?session_id=s{where}", new { message });
        var data = JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).GetProperty("data");
        return (data.Text("task_id")!, data.Text("conversation_id")!);
    }

    private static async Task<JsonElement> StopAsync(DashboardServer server, string taskId)
    {
        using var response = await server.Http.PostAsync($"/api/tasks/{taskId}/stop", null);
        return JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).GetProperty("data");
    }

    private Task<long> WaitingAsync() => _database.QueryAsync<long>("SELECT count(*) FROM agent_outbox");

    private async Task<long> LengthAsync() => long.Parse((await _redis.CommandAsync("LLEN", "agent:tasks"))[1..], global::System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The last line of each prompt, in the order in which an engine takes them.</summary>
    private async Task<string[]> PromptsAsync()
    {
        await using var producer = await Producer.ConnectAsync(_redis);
        return [.. (await producer.ListAsync("agent:tasks")).Reverse().Select(item => JsonElement.Parse(item).Text("prompt")!.Split('\n')[^1])];
    }
}
