using System.Net.Http.Json;
using System.Text.Json;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Coming back to the real server.</summary>
[TestFixture]
internal sealed class RecoveryTests : ServerFixture
{
    [Test]
    public async Task A_client_that_comes_back_to_a_running_task_misses_nothing_and_gets_nothing_twice()
    {
        const int Lines = 3_000;
        var id = NewTaskId("back");
        var publishing = Task.Run(async () =>
        {
            for (var line = 0; line < Lines; line++)
            {
                await PublishAsync($"task:{id}:output", $"{line}");
            }
        });

        var received = new List<JsonElement>();
        object? since = null;
        string[] expected = [.. Enumerable.Range(0, Lines).Select(line => $"{line}")];
        while (received.Count < Lines + 1)
        {
            await using var client = await Server.WatchAsync();
            await client.SendAsync(new { type = "subscribe", channel = $"task:{id}", since });
            var subscribed = (await client.CollectUntilAsync(frame => frame.Type() == "subscribed"))[^1];
            var epoch = subscribed.Text("epoch");
            if (since is null)
            {
                // Whatever was published before this client came first.
                since = new { epoch, offset = 0 };
                continue;
            }

            Assert.That(subscribed.GetProperty("recovered").GetBoolean(), Is.True);
            var many = Math.Min(700, Lines + 1 - received.Count);
            for (var i = 0; i < many; i++)
            {
                received.Add(await client.ReceiveAsync());
            }

            since = new { epoch, offset = received[^1].Offset() };
        }

        await publishing;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(received.Select(frame => frame.Offset()), Is.EqualTo(Enumerable.Range(1, Lines + 1)));
            Assert.That(received.Where(frame => frame.Type() == "task_output").Select(frame => frame.Text("output")), Is.EqualTo(expected));
        }
    }

    /// <summary>From the window in memory or from the store: what is sent is the same as what was sent when it happened.</summary>
    [Test]
    public async Task What_is_sent_again_is_what_was_sent_the_first_time()
    {
        var id = await RegisterAsync();
        await using var first = await Server.WatchAsync();
        await first.SendAsync(new { type = "subscribe", channel = $"task:{id}", since = new { epoch = await EpochAsync(id), offset = 0 } });
        await PostAsync($"/api/tasks/{id}/output", new { chunks = new object[] { new { output = "ls", kind = "tool_call", data = new { name = "Bash" } } } });
        await PatchAsync($"/api/tasks/{id}", new { status = "completed", cost_usd = 0.25, input_tokens = 5 });
        var live = await first.CollectUntilAsync(frame => frame.Text("status") == "completed" && frame.TryGetProperty("cost_usd", out _));
        var epoch = live.Find(frame => frame.Type() == "subscribed").Text("epoch");

        // More than the window holds: it comes from the store now.
        await PostAsync($"/api/tasks/{id}/output", new { chunks = Enumerable.Range(0, 1_000).Select(line => new { output = $"{line}" }) });
        await using var second = await Server.WatchAsync();
        await second.SendAsync(new { type = "subscribe", channel = $"task:{id}", since = new { epoch, offset = 0 } });
        var again = await second.CollectUntilAsync(frame => frame.Text("status") == "completed" && frame.TryGetProperty("cost_usd", out _));

        Assert.That(Said(again), Is.EqualTo(Said(live)));

        static string[] Said(List<JsonElement> frames) => [.. frames.Where(frame => frame.TryGetProperty("timestamp", out _)).Select(frame => frame.GetRawText())];
    }

    [Test]
    public async Task A_row_that_the_store_does_not_have_is_a_gap_of_exactly_that_row()
    {
        var id = await RegisterAsync();
        var epoch = await EpochAsync(id);
        await PostAsync($"/api/tasks/{id}/output", new { chunks = Enumerable.Range(0, 1_000).Select(line => new { output = $"{line}" }) });

        // The window lets go of what is stored as it likes; here at once.
        await PostAsync($"/api/tasks/{id}/output", new { chunks = new[] { new { output = "end" } } });
        await Redis.CommandAsync("DEL", $"dash:w:task:{id}");
        Assert.That(
            await Database.QueryAsync<long>($"""DELETE FROM task_log WHERE task_id = '{id}' AND "offset" = 5 RETURNING "offset" """), Is.EqualTo(5));
        await using var client = await Server.WatchAsync();
        await client.SendAsync(new { type = "subscribe", channel = $"task:{id}", since = new { epoch, offset = 0 } });
        var frames = await client.CollectUntilAsync(frame => frame.Type() == "task_output" && frame.Text("output") == "end");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                frames.Single(frame => frame.Type() == "gap").GetRawText(),
                Is.EqualTo($$"""{"type":"gap","channel":"task:{{id}}","from":5,"to":5,"reason":"history_lost","fill":"/api/tasks/{{id}}/log?after=4&limit=1"}"""));
            Assert.That(
                frames.Where(frame => frame.TryGetProperty("timestamp", out _)).Select(frame => frame.Offset()),
                Is.EqualTo(Enumerable.Range(1, (int)frames[^1].Offset()).Where(offset => offset != 5)));
        }
    }

    [Test]
    public async Task The_list_of_tasks_is_caught_up_as_well()
    {
        await using var client = await Server.WatchAsync();
        await client.ReceiveAsync("connected");
        var subscribed = await client.SubscribeAsync("tasks");
        await client.DisposeAsync();
        string[] ids = [await RegisterAsync(), await RegisterAsync(), await RegisterAsync()];
        await using var back = await Server.WatchAsync();
        await back.SendAsync(new { type = "subscribe", channel = "tasks", since = new { epoch = subscribed.Text("epoch"), offset = subscribed.Offset() } });
        var frames = await back.CollectUntilAsync(frame => frame.Text("task_id") == ids[^1]);
        var statuses = frames.FindAll(frame => frame.Type() == "task_status");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(statuses.Select(frame => frame.Offset()), Is.EqualTo(Enumerable.Range(1, statuses.Count).Select(i => subscribed.Offset() + i)));
            Assert.That(statuses.Select(frame => frame.Text("task_id")), Is.SupersetOf(ids));
        }
    }

    [Test]
    public async Task A_client_of_before_a_restart_is_told_where_to_fetch_what_it_missed()
    {
        await using var database = await TestDatabase.CreateAsync();
        var id = NewTaskId("restart");
        object since;
        await using (var before = await DashboardServer.StartAsync(database))
        {
            await WriteAsync(before, id, "one", "two");
            await using var client = await before.WatchAsync();
            await client.ReceiveAsync("connected");
            var subscribed = await client.SubscribeAsync($"task:{id}");
            since = new { epoch = subscribed.Text("epoch"), offset = subscribed.Offset() };
            await client.DisposeAsync();
            await WriteAsync(before, id, "three");
        }

        await using var after = await DashboardServer.StartAsync(database);
        await WriteAsync(after, id, "four");
        await using var back = await after.WatchAsync();
        await back.ReceiveAsync("connected");
        await back.SendAsync(new { type = "subscribe", channel = $"task:{id}", since });
        var welcome = await back.ReceiveAsync("subscribed");
        var gap = await back.ReceiveAsync("gap");
        var filled = (await after.Http.GetFromJsonAsync<JsonElement>(gap.Text("fill"))).GetProperty("entries").EnumerateArray().ToList();
        await WriteAsync(after, id, "five");
        var live = await back.ReceiveAsync("task_output");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(welcome.GetProperty("recovered").GetBoolean(), Is.False);
            Assert.That(gap.Text("reason"), Is.EqualTo("history_lost"));
            Assert.That(filled.Select(entry => entry.Offset()), Is.EqualTo(Enumerable.Range(1, (int)welcome.Offset())));
            Assert.That(filled.Where(entry => entry.Type() == "output").Select(entry => entry.Text("output")), Is.EqualTo(["one", "two", "three", "four"]));
            Assert.That((live.Offset(), live.Text("output")), Is.EqualTo((welcome.Offset() + 1, "five")));
        }
    }

    /// <summary>Existing clients subscribe to them already, whether anything is published there or not.</summary>
    [TestCase("flow:u-1")]
    [TestCase("webhooks")]
    [TestCase("sources")]
    [TestCase("alerts")]
    [TestCase("server:host-1")]
    [TestCase("stats")]
    public async Task A_channel_on_which_nothing_was_published_begins_at_0_of_the_present_epoch(string channel)
    {
        await using var client = await Server.WatchAsync();
        await client.ReceiveAsync("connected");
        var tasks = await client.SubscribeAsync("tasks");
        var subscribed = await client.SubscribeAsync(channel);
        Assert.That((subscribed.Text("epoch"), subscribed.Offset()), Is.EqualTo((tasks.Text("epoch"), 0)));
    }

    private async Task<string> EpochAsync(string id) =>
        (await GetAsync($"/api/tasks/{id}")).GetProperty("log_position").GetProperty("epoch").GetString()!;

    private static async Task WriteAsync(DashboardServer server, string id, params string[] lines) =>
        (await server.Http.PostAsJsonAsync($"/api/tasks/{id}/output", new { chunks = lines.Select(output => new { output }) })).EnsureSuccessStatusCode();
}
