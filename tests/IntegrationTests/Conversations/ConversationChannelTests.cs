using System.Text.Json;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrooteDashboard.IntegrationTests.Conversations;

[TestFixture]
internal sealed class ConversationChannelTests : ConversationFixture
{
    /// <summary>So little that a test can miss more than is pushed.</summary>
    protected override string[] Settings => ["Realtime:MaxRecoverMessages=20"];

    [Test]
    public async Task Messages_and_the_tasks_they_start_are_told_in_order_with_offsets()
    {
        var id = await BeginAsync();
        await using var client = await WatchAsync(id);
        var (taskId, _) = await ChatAsync("hello", id);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await PatchAsync($"/api/tasks/{taskId}", new { status = "completed", cost_usd = 0.125 });
        await SayAsync(id, "assistant", "hello yourself", taskId);

        var frames = await ReceiveAsync(client, 6);
        Assert.Multiple(() =>
        {
            Assert.That(frames.Select(Summary), Is.EqualTo(new[]
            {
                "1 message user hello", "2 task_status queued", "3 task_status running", "4 task_status completed", "5 message assistant hello yourself",
                "6 task_status completed",
            }));
            Assert.That(frames.Select(frame => frame.Text("channel")), Is.All.EqualTo($"conversation:{id}"));
            Assert.That(frames.Select(frame => frame.Text("task_id")), Is.All.EqualTo(taskId));
            Assert.That(frames[0].EnumerateObject().Select(field => field.Name), Is.EqualTo(new[]
            {
                "type", "channel", "offset", "timestamp", "message_id", "conversation_id", "role", "content", "task_id", "created_at", "metadata",
            }));
            Assert.That(frames[3].GetProperty("cost_usd").GetDecimal(), Is.EqualTo(0.125m));
        });
    }

    [Test]
    public async Task Who_comes_back_with_since_gets_exactly_what_was_missed()
    {
        var id = await BeginAsync();
        await SayAsync(id, "user", "m1");
        using var page = await Http.GetAsync($"/api/conversations/{id}/messages");
        var position = page.Headers.GetValues("Channel-Position").Single();
        Assert.That(position, Is.EqualTo($"conversation:{id}; epoch=postgres; offset=1"));
        for (var i = 2; i <= 12; i++)
        {
            await SayAsync(id, "user", $"m{i}");
        }

        await using var client = await Server.WatchAsync();
        await client.SendAsync(new { type = "subscribe", channel = $"conversation:{id}", since = new { epoch = "postgres", offset = 1 } });
        var subscribed = (await client.CollectUntilAsync(frame => frame.Type() == "subscribed"))[^1];
        await SayAsync(id, "user", "m13");

        Assert.That(subscribed.GetProperty("recovered").GetBoolean(), Is.True);
        Assert.That((await ReceiveAsync(client, 12)).Select(frame => frame.Text("content")), Is.EqualTo(Enumerable.Range(2, 12).Select(i => $"m{i}")));
    }

    [Test]
    public async Task Who_missed_too_much_is_told_where_exactly_that_is()
    {
        var id = await BeginAsync();
        for (var i = 1; i <= 25; i++)
        {
            await SayAsync(id, "user", $"m{i}");
        }

        await using var client = await Server.WatchAsync();
        await client.SendAsync(new { type = "subscribe", channel = $"conversation:{id}", since = new { epoch = "postgres", offset = 2 } });
        var gap = (await client.CollectUntilAsync(frame => frame.Type() == "gap"))[^1];
        var filled = (await GetAsync(gap.Text("fill")!)).GetProperty("entries").EnumerateArray().ToList();

        Assert.That((gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64()), Is.EqualTo((3, 25)));
        Assert.That(filled.Select(entry => entry.GetProperty("message").Text("content")), Is.EqualTo(Enumerable.Range(3, 23).Select(i => $"m{i}")));
    }

    [Test]
    public async Task Viewers_of_every_server_see_the_same_under_the_same_offsets()
    {
        var id = await BeginAsync();
        await using var other = await DashboardServer.StartAsync(Database, Redis.ConnectionString);
        await using var here = await WatchAsync(id);
        await using var there = await other.WatchAsync();
        await there.SubscribeAsync($"conversation:{id}");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SayAsync(id, "user", $"m{i}")));

        var seenHere = (await ReceiveAsync(here, 20)).Select(Summary).ToList();
        var seenThere = (await ReceiveAsync(there, 20)).Select(Summary).ToList();
        Assert.That(seenHere.Select(summary => summary.Split(' ')[0]), Is.EqualTo(Enumerable.Range(1, 20).Select(i => $"{i}")));
        Assert.That(seenThere, Is.EqualTo(seenHere));
    }

    [Test]
    public async Task Who_moves_to_another_server_with_since_gets_exactly_what_was_missed()
    {
        var id = await BeginAsync();
        await using var other = await DashboardServer.StartAsync(Database, Redis.ConnectionString, Settings);
        JsonElement last;
        await using (var there = await other.WatchAsync())
        {
            await there.SubscribeAsync($"conversation:{id}");
            await SayAsync(id, "user", "m1");
            last = await there.ReceiveAsync();
            Assert.That(Summary(last), Is.EqualTo("1 message user m1"));
        }

        var (taskId, _) = await ChatAsync("m2", id);
        await PatchAsync($"/api/tasks/{taskId}", new { status = "running" });
        await using var back = await other.WatchAsync();
        await back.SendAsync(new { type = "subscribe", channel = $"conversation:{id}", since = new { epoch = "postgres", offset = last.Offset() } });
        var subscribed = (await back.CollectUntilAsync(frame => frame.Type() == "subscribed"))[^1];
        await SayAsync(id, "user", "m3");

        Assert.That(subscribed.GetProperty("recovered").GetBoolean(), Is.True);
        Assert.That((await ReceiveAsync(back, 4)).Select(Summary), Is.EqualTo(new[]
        {
            "2 message user m2", "3 task_status queued", "4 task_status running", "5 message user m3",
        }));
    }

    [Test]
    public async Task What_was_said_while_the_signals_were_cut_is_told_when_they_are_back()
    {
        var id = await BeginAsync();
        await using var client = await WatchAsync(id);
        await SayAsync(id, "user", "before");
        await ReceiveAsync(client, 1);

        // As another server writes it, whose signal nobody hears.
        await Database.QueryAsync<long>(
            $$"""
            WITH message AS (
                INSERT INTO conversation_messages (message_id, conversation_id, number, role, content, created_at, metadata)
                VALUES ('msg-{{id}}', '{{id}}', 2, 'user', 'meanwhile', now(), '{}')
            ), head AS (
                UPDATE conversations SET log_offset = 2, last_message_number = 2, message_count = 2 WHERE conversation_id = '{{id}}'
            )
            INSERT INTO conversation_log (conversation_id, "offset", "timestamp", message_id) VALUES ('{{id}}', 2, now(), 'msg-{{id}}') RETURNING "offset"
            """);
        await CutSignalsAsync();
        Assert.That((await ReceiveAsync(client, 1)).Select(Summary), Is.EqualTo(new[] { "2 message user meanwhile" }));

        await SayAsync(id, "user", "after");
        Assert.That((await ReceiveAsync(client, 1)).Select(Summary), Is.EqualTo(new[] { "3 message user after" }));
    }

    [Test]
    public async Task Who_watches_is_told_once_what_was_cleared_before_it_could_be_delivered()
    {
        var id = await BeginAsync();
        await using var client = await WatchAsync(id);
        await SayAsync(id, "user", "before");
        await ReceiveAsync(client, 1);

        // Another server's signals are not heard: two messages, all is cleared, and one more.
        await Database.QueryAsync<long>(
            $$"""
            WITH message AS (
                INSERT INTO conversation_messages (message_id, conversation_id, number, role, content, created_at, metadata)
                VALUES ('msg-{{id}}', '{{id}}', 4, 'user', 'afterwards', now(), '{}')
            ), head AS (
                UPDATE conversations SET log_offset = 4, last_message_number = 4, message_count = 1 WHERE conversation_id = '{{id}}'
            )
            INSERT INTO conversation_log (conversation_id, "offset", "timestamp", message_id) VALUES ('{{id}}', 4, now(), 'msg-{{id}}') RETURNING "offset"
            """);
        await CutSignalsAsync();
        var gap = await client.ReceiveAsync();
        await SayAsync(id, "user", "after");

        Assert.That((gap.Type(), gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64(), gap.Text("reason")), Is.EqualTo(("gap", 2, 3, "history_lost")));
        Assert.That((await ReceiveAsync(client, 2)).Select(Summary), Is.EqualTo(new[] { "4 message user afterwards", "5 message user after" }));
    }

    [Test]
    public async Task Who_comes_back_after_everything_was_cleared_is_told_so()
    {
        var id = await BeginAsync();
        await SayAsync(id, "user", "one");
        await SayAsync(id, "user", "two");
        await PostAsync($"/api/conversations/{id}/clear", new { });

        await using var client = await Server.WatchAsync();
        await client.SendAsync(new { type = "subscribe", channel = $"conversation:{id}", since = new { epoch = "postgres", offset = 1 } });
        await client.CollectUntilAsync(frame => frame.Type() == "subscribed");
        var gap = await client.ReceiveAsync("gap");
        await SayAsync(id, "user", "three");

        Assert.That((gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64(), gap.Text("reason")), Is.EqualTo((2, 2, "history_lost")));
        Assert.That((await ReceiveAsync(client, 1)).Select(Summary), Is.EqualTo(new[] { "3 message user three" }));
    }

    [Test]
    public async Task What_is_said_while_the_history_is_read_does_not_count_as_cleared()
    {
        var id = await BeginAsync();
        await SayAsync(id, "user", "one");
        await PostAsync($"/api/conversations/{id}/clear", new { });

        // The head is read after the lock is released, when there is another message.
        Task<ChannelHistory> reading;
        await using (var connection = new NpgsqlConnection(Database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var saying = new NpgsqlCommand(
                $$"""
                LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE;
                UPDATE conversations SET log_offset = 2, last_message_number = 2, message_count = 1 WHERE conversation_id = '{{id}}';
                INSERT INTO conversation_messages (message_id, conversation_id, number, role, content, created_at, metadata)
                VALUES ('msg-{{id}}', '{{id}}', 2, 'user', 'two', now(), '{}');
                INSERT INTO conversation_log (conversation_id, "offset", "timestamp", message_id) VALUES ('{{id}}', 2, now(), 'msg-{{id}}')
                """,
                connection,
                transaction);
            await saying.ExecuteNonQueryAsync();
            reading = Server.Services.GetRequiredService<IChannelFeed>().ReadAsync($"conversation:{id}", 0, 10, CancellationToken.None).AsTask();
            await Probe.Until(
                async () => await Database.QueryAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'conversations'::regclass") == 1,
                "the head's reader waits");
            await transaction.CommitAsync();
        }

        var history = await reading;
        Assert.That((history.FirstKept, history.Frames.Select(frame => frame.Offset)), Is.EqualTo((2L, new long?[] { 2 })));
    }

    [Test]
    public async Task A_very_long_message_is_told_by_its_beginning()
    {
        var id = await BeginAsync();
        await using var client = await WatchAsync(id);
        await SayAsync(id, "assistant", new string('x', 1_000_000));

        var frame = (await ReceiveAsync(client, 1))[0];
        Assert.That((frame.Text("content")!.Length, frame.GetProperty("truncated").GetBoolean()), Is.EqualTo((64_000, true)));
        Assert.That((await GetAsync($"/api/conversations/{id}/messages"))[0].Text("content"), Has.Length.EqualTo(1_000_000));
    }

    private async Task CutSignalsAsync() => await Database.QueryAsync<long>(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");

    private async Task<WsClient> WatchAsync(string id)
    {
        var client = await Server.WatchAsync();
        await client.SubscribeAsync($"conversation:{id}");
        return client;
    }

    private static async Task<List<JsonElement>> ReceiveAsync(WsClient client, int count)
    {
        var frames = new List<JsonElement>();
        while (frames.Count < count)
        {
            frames.Add(await client.ReceiveAsync());
        }

        return frames;
    }

    private static string Summary(JsonElement frame) => frame.Type() == "message"
        ? $"{frame.Offset()} message {frame.Text("role")} {frame.Text("content")}"
        : $"{frame.Offset()} {frame.Type()} {frame.Text("status")}";
}
