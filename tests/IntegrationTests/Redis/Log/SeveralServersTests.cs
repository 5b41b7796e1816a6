using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>Three whole servers on one Redis and one database.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class SeveralServersTests
{
    private const int Servers = 3;

    private TestDatabase _database = null!;
    private RedisServer _redis = null!;
    private List<DashboardServer> _servers = null!;

    [SetUp]
    public async Task StartServers()
    {
        _database = await TestDatabase.CreateAsync();
        _redis = await RedisServer.StartNewAsync();
        _servers = [];
        for (var i = 0; i < Servers; i++)
        {
            _servers.Add(await DashboardServer.StartAsync(_database, _redis.ConnectionString));
        }
    }

    [TearDown]
    public async Task StopServers()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await _redis.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_client_that_moves_from_server_to_server_misses_nothing_and_gets_nothing_twice()
    {
        const int LinesPerServer = 500;
        const int Total = 1 + (LinesPerServer * Servers);
        await PostAsync(_servers[0], "task-1", "first");
        var producing = Task.WhenAll(_servers.Select((server, s) => Task.Run(async () =>
        {
            for (var line = 0; line < LinesPerServer; line++)
            {
                await PostAsync(server, "task-1", $"{s}/{line}");
            }
        })));

        var received = new List<JsonElement>();
        object since = new { epoch = "", offset = 0 };
        for (var move = 0; received.Count < Total + 1; move++)
        {
            await using var client = await _servers[move % Servers].WatchAsync();
            await client.SendAsync(new { type = "subscribe", channel = "task:task-1", since });
            var subscribed = (await client.CollectUntilAsync(frame => frame.Type() == "subscribed"))[^1];
            var epoch = subscribed.GetProperty("epoch").GetString();
            if (move == 0)
            {
                since = new { epoch, offset = 0 };
                continue;
            }

            Assert.That(subscribed.GetProperty("recovered").GetBoolean(), Is.True, "every server knows the epoch");
            var many = Math.Min(150, Total + 1 - received.Count);
            for (var i = 0; i < many; i++)
            {
                received.Add(await client.ReceiveAsync());
            }

            since = new { epoch, offset = received[^1].GetProperty("offset").GetInt64() };
        }

        await producing;
        Assert.That(received.Select(frame => frame.GetProperty("offset").GetInt64()), Is.EqualTo(Enumerable.Range(1, Total + 1)));
        var texts = received.Where(frame => frame.Type() == "task_output").Select(frame => frame.GetProperty("output").GetString()!).ToList();
        for (var s = 0; s < Servers; s++)
        {
            Assert.That(texts.Where(text => text.StartsWith($"{s}/", StringComparison.Ordinal)), Is.EqualTo(Enumerable.Range(0, LinesPerServer).Select(line => $"{s}/{line}")));
        }
    }

    [Test]
    public async Task Those_who_watch_one_server_see_what_is_reported_to_another()
    {
        await using var list = await _servers[2].WatchAsync();
        await list.SubscribeAsync("tasks");

        await PostAsync(_servers[0], "task-1", "x");
        using var report = await _servers[1].Http.PatchAsJsonAsync("/api/tasks/task-1", new { status = "failed", error = "it broke" });
        report.EnsureSuccessStatusCode();

        var frames = await list.CollectUntilAsync(frame => frame.Type() == "task_status" && frame.GetProperty("status").GetString() == "failed");
        Assert.That(frames[^1].GetProperty("task_id").GetString(), Is.EqualTo("task-1"));
    }

    [Test]
    public async Task Clients_are_told_when_Redis_has_lost_its_data_and_go_on()
    {
        await PostAsync(_servers[0], "task-1", "before");
        var clients = new List<WsClient>();
        try
        {
            foreach (var server in _servers)
            {
                clients.Add(await server.WatchAsync());
                await clients[^1].SubscribeAsync("task:task-1");
            }

            await _redis.FlushAllAsync();
            await PostAsync(_servers[1], "task-1", "after");

            foreach (var client in clients)
            {
                // Where the server looked after the new line had its place, the gap holds it.
                var told = await client.CollectUntilAsync(frame => frame.Text("output") == "after" || (frame.Type() == "gap" && frame.GetProperty("to").GetInt64() == 3));
                var isInGap = told[^1].Type() == "gap";
                Assert.That(told.Select(frame => frame.Type()), Is.EqualTo(isInGap ? ["subscribed", "gap"] : new[] { "subscribed", "gap", "task_output" }));
                Assert.That(told[0].GetProperty("recovered").GetBoolean(), Is.False);
                Assert.That((told[1].Text("reason"), told[0].Offset()), Is.EqualTo(("history_lost", isInGap ? 3 : 2)));
                Assert.That(isInGap || told[2].Offset() == 3);

                // What was told is where another server goes on from.
                await using var elsewhere = await _servers[0].WatchAsync();
                await elsewhere.SendAsync(new { type = "subscribe", channel = "task:task-1", since = new { epoch = told[0].Text("epoch"), offset = 2 } });
                var again = await elsewhere.CollectUntilAsync(frame => frame.Text("output") == "after");
                Assert.That(again[^2].GetProperty("recovered").GetBoolean(), Is.True);
            }
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    [Test]
    public async Task A_channel_on_which_nothing_was_published_begins_at_0_of_the_same_epoch_on_every_server()
    {
        string[] channels = ["conversation:c-1", "flow:u-1", "webhooks", "sources", "alerts", "server:host-1", "stats", "tasks"];
        var positions = new List<(string?, string?, long)>();
        foreach (var server in _servers)
        {
            await using var client = await server.WatchAsync();
            await client.ReceiveAsync("connected");
            foreach (var channel in channels)
            {
                var subscribed = await client.SubscribeAsync(channel);
                positions.Add((channel, subscribed.Text("epoch"), subscribed.Offset()));
            }
        }

        // The log's channels have one epoch; those of conversations, which PostgreSQL keeps, have another.
        var (epoch, conversations) = (positions[^1].Item2, positions[0].Item2);
        Assert.That(positions, Is.EqualTo(_servers.SelectMany(_ => channels.Select((channel, i) => (channel, i == 0 ? conversations : epoch, 0L)))));
        Assert.That(new[] { epoch, conversations }, Is.Unique.And.All.Not.Empty);
    }

    private static async Task PostAsync(DashboardServer server, string taskId, string text)
    {
        using var response = await server.Http.PostAsJsonAsync($"/api/tasks/{taskId}/output", new { chunks = new[] { new { output = text } } });
        response.EnsureSuccessStatusCode();
    }
}
