using System.Text.Json;
using FsCheck;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Subscriptions that are behind: because the client was away, or because it did not read.</summary>
internal sealed class CatchUpTests
{
    private static readonly object Tiny = new { OutboxBytes = 64 << 10, StallTimeout = "00:05:00", FramesPerSecond = 100_000, FrameBurst = 100_000 };

    /// <summary>It comes from an instance that has heard more. What all instances agree on is what counts.</summary>
    [Test]
    public async Task A_client_that_is_ahead_of_this_instance_goes_on_where_it_was()
    {
        await using var host = await HubHost.StartAsync();
        await using var other = await host.JoinAsync();
        await other.SendAsync(new { type = "subscribe", channel = "task:1" });
        await other.ReceiveAsync("subscribed");
        for (var i = 1; i <= 5; i++)
        {
            host.PublishOutput("1", $"{i}", isHeard: false);
        }

        await using var client = await host.JoinAsync();
        await client.SendAsync(new { type = "subscribe", channel = "task:1", since = new { epoch = HubHost.Epoch, offset = 5 } });
        var subscribed = await client.ReceiveAsync("subscribed");
        host.PublishOutput("1", "6");
        host.PublishOutput("1", "7");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(subscribed.GetProperty("recovered").GetBoolean(), Is.True);
            Assert.That(subscribed.Offset(), Is.EqualTo(5));
            Assert.That((await client.ReceiveAsync("task_output")).Offset(), Is.EqualTo(6));
            Assert.That((await client.ReceiveAsync("task_output")).Offset(), Is.EqualTo(7));
            Assert.That((await other.ReceiveAsync("task_output")).Offset(), Is.EqualTo(1));
        }
    }

    [TestCase(0, 10, """{"type":"subscribed","channel":"task:1","epoch":"e1","offset":0,"recovered":true}""")]
    [TestCase(7, 10, """{"type":"subscribed","channel":"task:1","epoch":"e1","offset":7,"recovered":true}""")]
    [TestCase(10, 10, """{"type":"subscribed","channel":"task:1","epoch":"e1","offset":10,"recovered":true}""")]
    public async Task A_client_that_comes_back_gets_what_it_missed_then_what_happens(int since, int head, string expected)
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", head);
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", since));

        Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo(expected));
        for (var offset = since + 1L; offset <= head; offset++)
        {
            AssertOutput(await client.ReceiveAsync("task_output"), offset);
        }

        Publish(host, "1", 1);
        AssertOutput(await client.ReceiveAsync("task_output"), head + 1);
        Assert.That((host.Metrics["realtime.recoveries:recovered"], host.Metrics["realtime.recovery.size"]), Is.EqualTo((1, head - since)));
    }

    [TestCase("task:a#1", "e0", 3, 1, "history_lost", "/api/tasks/a%231/log?after=0&limit=10", TestName = "Another_epoch")]
    [TestCase("task:a#1", "e1", 11, 1, "history_lost", "/api/tasks/a%231/log?after=0&limit=10", TestName = "An_offset_from_the_future")]
    [TestCase("task:a#1", "e1", 2, 3, "too_far_behind", "/api/tasks/a%231/log?after=2&limit=8", TestName = "Too_much_missed")]
    [TestCase("tasks", "e0", 3, 1, "history_lost", "/api/tasks", TestName = "Another_epoch_of_the_list")]
    [TestCase("tasks", "e1", 2, 3, "too_far_behind", "/api/tasks", TestName = "Too_much_missed_of_the_list")]
    public async Task What_cannot_be_recovered_is_told_with_where_to_fetch_it(string channel, string epoch, long since, long from, string reason, string fill)
    {
        await using var host = await HubHost.StartAsync(new { MaxRecoverMessages = 7 });
        host.SetHead(channel, 10);
        await using var client = await host.JoinAsync();
        await client.SendAsync(new { type = "subscribe", channel, since = new { epoch, offset = since } });

        Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo($$"""{"type":"subscribed","channel":"{{channel}}","epoch":"e1","offset":10,"recovered":false}"""));
        Assert.That(
            (await client.ReceiveAsync()).GetRawText(),
            Is.EqualTo($$"""{"type":"gap","channel":"{{channel}}","from":{{from}},"to":10,"reason":"{{reason}}","fill":"{{fill}}"}"""));
        host.Publish(channel, 11, new SystemMessage("live", ""));
        Assert.That((await client.ReceiveAsync()).Offset(), Is.EqualTo(11));
        Assert.That((host.Metrics[$"realtime.recoveries:{reason}"], host.Metrics[$"realtime.gaps:{reason}"]), Is.EqualTo((1, 1)));
    }

    [TestCase("tasks", """{"type":"gap","channel":"tasks","reason":"history_lost","fill":"/api/tasks"}""")]
    [TestCase("task:1", """{"type":"gap","channel":"task:1","reason":"history_lost"}""")]
    public async Task Where_the_new_history_is_empty_the_gap_has_no_range(string channel, string expected)
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SendAsync(new { type = "subscribe", channel, since = new { epoch = "e0", offset = 3 } });
        Assert.That((await client.ReceiveAsync("subscribed")).GetProperty("recovered").GetBoolean(), Is.False);
        Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo(expected));
    }

    [TestCase("cli")]
    [TestCase("system")]
    public async Task A_channel_without_a_sequence_has_nothing_to_recover_and_no_gap(string channel)
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SendAsync(new { type = "subscribe", channel, since = new { epoch = "e0", offset = 3 } });
        Assert.That((await client.ReceiveAsync("subscribed")).GetProperty("recovered").GetBoolean(), Is.False);
        host.Publish(channel, null, new SystemMessage("live", ""));
        await client.ReceiveAsync("system");
    }

    [TestCase("e1", 2, "subscribed 3 4 gap 5")]
    [TestCase("e1", 3, "subscribed 4 gap 5")]
    [TestCase("e1", 4, "subscribed 5")]
    [TestCase("e0", 4, "subscribed gap gap 5")]
    public async Task Who_comes_back_from_before_a_loss_of_the_source_is_told_after_what_was_missed(string epoch, int since, string expected)
    {
        await using var host = await HubHost.StartAsync();
        for (var offset = 1; offset <= 4; offset++)
        {
            host.PublishOutput("1", "missed");
        }

        host.Loss = new ChannelLoss(3, new ChannelFrame("task:1", null, TimeProvider.System.GetUtcNow(), new GapMessage(null, null, GapReasons.SourceInterrupted, null)));
        await using var client = await host.JoinAsync();

        await client.SendAsync(new { type = "subscribe", channel = "task:1", since = new { epoch, offset = since } });
        var frames = new List<JsonElement>();
        while (frames.Count < expected.Split(' ').Length - 1)
        {
            frames.Add(await client.ReceiveAsync());
        }

        host.PublishOutput("1", "live");
        frames.Add(await client.ReceiveAsync());
        Assert.That(frames.Select(frame => frame.Type() == "task_output" ? $"{frame.Offset()}" : frame.Type()), Is.EqualTo(expected.Split(' ')));
        Assert.That(frames.Count(frame => frame.Text("reason") == GapReasons.SourceInterrupted), Is.EqualTo(since == 4 && epoch == "e1" ? 0 : 1));
    }

    [Test]
    public async Task Each_channel_of_a_subscribe_has_its_own_since()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 2);
        Publish(host, "2", 2);
        await using var client = await host.JoinAsync();
        await client.SendTextAsync("""{"type":"subscribe","channels":[{"channel":"task:1","since":{"epoch":"e1","offset":1}},{"channel":"task:2","since":null}]}""");
        var frames = await ReceiveAsync(client, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(frames.Single(frame => frame.Type() == "task_output").Offset(), Is.EqualTo(2));
            Assert.That(
                frames.Where(frame => frame.Type() == "subscribed").Select(frame => frame.GetRawText()),
                Is.EqualTo([
                    """{"type":"subscribed","channel":"task:1","epoch":"e1","offset":1,"recovered":true}""",
                    """{"type":"subscribed","channel":"task:2","epoch":"e1","offset":2}"""]));
        }
    }

    [TestCase("""{"type":"subscribe","channel":"task:1","since":5}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":"e1"}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"offset":1}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":1,"offset":1}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":"e1","offset":-1}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":"e1","offset":1.5}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":"e1","offset":"1"}}""")]
    [TestCase("""{"type":"subscribe","channel":"task:1","since":{"epoch":"e1","offset":99999999999999999999}}""")]
    [TestCase("""{"type":"subscribe","channels":[{"channel":"task:1"},{"channel":"task:2","since":[]}]}""")]
    public async Task A_malformed_since_subscribes_to_nothing(string sent)
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SendTextAsync(sent);
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("malformed"));
        Assert.That(host.Hub.Subscriptions, Is.Zero);
    }

    [Test]
    public async Task A_slow_client_gets_everything_that_history_has_and_nobody_else_notices()
    {
        const int Messages = 3_000;
        await using var host = await HubHost.StartAsync(Tiny);
        await using var slow = await PipeClient.JoinAsync(host);
        await using var fast = await PipeClient.JoinAsync(host);
        await slow.SubscribeAsync("task:1");
        await fast.SubscribeAsync("task:1");
        await slow.ReceiveAsync();
        await fast.ReceiveAsync();
        for (var offset = 1; offset <= Messages; offset++)
        {
            Publish(host, "1", 1);
            AssertOutput(await fast.ReceiveAsync(), offset);
            await slow.BlockServerAsync();
        }

        Assert.That((host.Metrics["realtime.catch_ups.started"], host.Metrics["realtime.catch_ups.finished"]), Is.EqualTo((1, 0)), "only the slow one is behind");
        for (var offset = 1; offset <= Messages; offset++)
        {
            AssertOutput(await slow.ReceiveAsync(), offset);
        }

        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == host.Metrics["realtime.catch_ups.started"]);
        Publish(host, "1", 1);
        AssertOutput(await slow.ReceiveAsync(), Messages + 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Metrics["realtime.frames.encoded"], Is.EqualTo(Messages + 1), "once for all who are live");
            Assert.That(host.Metrics["realtime.frames.dropped"] + host.Metrics["realtime.gaps"], Is.Zero);
        }
    }

    [Test]
    public async Task What_history_has_lost_is_told_exactly_and_the_rest_is_given()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 100);
        host.HistoryLength = 40;
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 10));
        Assert.That((await client.ReceiveAsync("subscribed")).Offset(), Is.EqualTo(10));
        Assert.That(
            (await client.ReceiveAsync()).GetRawText(),
            Is.EqualTo("""{"type":"gap","channel":"task:1","from":11,"to":60,"reason":"history_lost","fill":"/api/tasks/1/log?after=10&limit=50"}"""));
        for (var offset = 61; offset <= 100; offset++)
        {
            AssertOutput(await client.ReceiveAsync(), offset);
        }

        Assert.That((host.Metrics["realtime.gaps:history_lost"], host.Metrics["realtime.frames.dropped:history_lost"]), Is.EqualTo((1, 50)));
    }

    [Test]
    public async Task A_client_too_far_behind_gets_the_newest_part_and_the_address_of_the_rest()
    {
        await using var host = await HubHost.StartAsync(new { OutboxBytes = 64 << 10, StallTimeout = "00:05:00", MaxCatchUpMessages = 100 });
        await using var slow = await PipeClient.JoinAsync(host);
        await slow.SubscribeAsync("task:1");
        await slow.ReceiveAsync();
        Publish(host, "1", 1);
        await slow.BlockServerAsync();
        Publish(host, "1", 999);
        var frames = await slow.CollectUntilAsync(frame => frame.Type() == "task_output" && frame.Offset() == 1_000);

        // As a rule one; two where the client fell back again while messages were still published.
        var gaps = frames.Where(frame => frame.Type() == "gap").ToList();
        var ranges = gaps.ConvertAll(gap => (From: gap.GetProperty("from").GetInt64(), To: gap.GetProperty("to").GetInt64()));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ranges, Is.Not.Empty);
            Assert.That(ranges[^1].To, Is.EqualTo(950), "half of what may be caught up is");
            Assert.That(gaps.ConvertAll(gap => gap.Text("reason")), Is.All.EqualTo("slow_consumer"));
            Assert.That(
                gaps.ConvertAll(gap => gap.Text("fill")),
                Is.EqualTo(ranges.ConvertAll(range => $"/api/tasks/1/log?after={range.From - 1}&limit={range.To - range.From + 1}")));
            Assert.That(
                frames.Where(frame => frame.Type() == "task_output").Select(frame => frame.Offset()),
                Is.EqualTo(Enumerable.Range(1, 1_000).Select(offset => (long)offset).Where(offset => !ranges.Exists(range => range.From <= offset && offset <= range.To))));
        }
    }

    [Test]
    public async Task The_newest_notice_without_an_offset_comes_when_the_client_is_live_again()
    {
        await using var host = await HubHost.StartAsync(Tiny);
        await using var slow = await PipeClient.JoinAsync(host);
        await slow.SubscribeAsync("task:1");
        await slow.ReceiveAsync();
        Publish(host, "1", 500);
        host.Publish("task:1", null, new SystemMessage("first", ""));
        host.Publish("task:1", null, new SystemMessage("newest", ""));
        var frames = await slow.CollectUntilAsync(frame => frame.Type() == "system");
        Assert.That(frames.SkipLast(1).Select(frame => frame.Offset()), Is.EqualTo(Enumerable.Range(1, 500)));
        Assert.That(frames[^1].Text("state"), Is.EqualTo("newest"));
    }

    [Test]
    public async Task What_the_hub_was_not_told_is_read_from_history()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SubscribeAsync("task:1");
        Publish(host, "1", 2);
        host.PublishOutput("1", Text(3), isHeard: false);
        host.PublishOutput("1", Text(4), isHeard: false);
        Publish(host, "1", 2);
        for (var offset = 1; offset <= 6; offset++)
        {
            AssertOutput(await client.ReceiveAsync(), offset);
        }
    }

    [Test]
    public async Task Subscribing_again_with_a_newer_since_ends_the_catch_up_before()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 100);
        var (reading, release) = BlockReading(host);
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.ReceiveAsync("subscribed");
        await reading.WaitAsync(Probe.Deadline);
        await client.SendAsync(PipeClient.Subscribe("task:1", 50));
        Assert.That((await client.ReceiveAsync("subscribed")).Offset(), Is.EqualTo(50));
        release();
        for (var offset = 51; offset <= 100; offset++)
        {
            AssertOutput(await client.ReceiveAsync(), offset);
        }

        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == 2);
    }

    [Test]
    public async Task A_read_that_ends_after_the_client_has_left_the_channel_gives_it_nothing()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 100);
        var (reading, release) = BlockReading(host, isCancellable: false);
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.ReceiveAsync("subscribed");
        await reading.WaitAsync(Probe.Deadline);
        await client.SendTextAsync("""{"type":"unsubscribe","channel":"task:1"}""");
        await client.ReceiveAsync("unsubscribed");
        release();
        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == 1);
        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
    }

    [TestCase("leave")]
    [TestCase("unsubscribe")]
    [TestCase("drain")]
    public async Task Nothing_is_left_of_a_catch_up_whose_client_goes(string how)
    {
        await using var host = await HubHost.StartAsync(new { CloseTimeout = "00:00:00.500", SweepInterval = "00:00:00.010" });
        Publish(host, "1", 100);
        Publish(host, "2", 100);
        var (reading, _) = BlockReading(host);
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.SendAsync(PipeClient.Subscribe("task:2", 0));
        await reading.WaitAsync(Probe.Deadline);
        await Probe.Until(() => host.Metrics["realtime.catch_ups.started"] == 2);
        switch (how)
        {
            case "leave":
                await client.DisposeAsync();
                break;
            case "unsubscribe":
                await client.SendTextAsync("""{"type":"unsubscribe","channels":[{"channel":"task:1"},{"channel":"task:2"}]}""");
                break;
            default:
                await host.StopAsync().WaitAsync(Probe.Deadline);
                break;
        }

        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == 2);
        await Probe.Until(() => (host.Hub.Subscriptions, host.Hub.Channels, host.Watches) == (0, 0, 0));
    }

    [Test]
    public async Task Nothing_is_left_of_a_catch_up_whose_client_goes_without_having_read()
    {
        await using var host = await HubHost.StartAsync(Tiny);
        var slow = await PipeClient.JoinAsync(host);
        await slow.SubscribeAsync("task:1");
        await slow.ReceiveAsync();
        Publish(host, "1", 1_000);
        // It may catch up, as long as its pipe takes something, and fall behind again.
        await Probe.Until(() => host.Metrics["realtime.catch_ups.started"] > host.Metrics["realtime.catch_ups.finished"]);
        await slow.DisposeAsync();
        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == host.Metrics["realtime.catch_ups.started"]);
        Assert.That((host.Hub.Subscriptions, host.Hub.Channels, host.Watches), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task The_feed_is_asked_once_for_all_who_watch_a_channel_and_told_when_nobody_does()
    {
        await using var host = await HubHost.StartAsync();
        await using var one = await host.JoinAsync();
        await using var two = await host.JoinAsync();
        await one.SubscribeAsync("task:1");
        Publish(host, "1", 3);
        Assert.That((await two.SubscribeAsync("task:1")).Offset(), Is.EqualTo(3));
        Assert.That(host.Watches, Is.EqualTo(1));
        await one.DisposeAsync();
        await two.DisposeAsync();
        await Probe.Until(() => host.Watches == 0);
    }

    [Test]
    public async Task A_feed_that_fails_is_asked_again_until_it_answers()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 10);
        var failures = 3;
        host.WhileReadingHistory = (_, _) => failures-- > 0 ? throw new TimeoutException() : Task.CompletedTask;
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.ReceiveAsync("subscribed");
        for (var offset = 1; offset <= 10; offset++)
        {
            AssertOutput(await client.ReceiveAsync(), offset);
        }

        Assert.That(host.Metrics["realtime.history.failures"], Is.EqualTo(3));
    }

    [Test]
    public async Task A_channel_whose_history_cannot_be_read_does_not_hold_up_the_others()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 10);
        Publish(host, "2", 10);
        host.WhileReadingHistory = (channel, _) => channel == "task:1" ? throw new TimeoutException() : Task.CompletedTask;
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.SendAsync(PipeClient.Subscribe("task:2", 0));
        var frames = await client.CollectUntilAsync(frame => frame.Type() == "task_output" && frame.Offset() == 10);
        Assert.That(frames.Where(frame => frame.Type() == "task_output").Select(frame => frame.Text("channel")), Is.All.EqualTo("task:2"));
    }

    [Test]
    public async Task What_cannot_be_read_yet_is_waited_for()
    {
        await using var host = await HubHost.StartAsync();
        Publish(host, "1", 10);
        host.HistoryLag = 5;
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        await client.ReceiveAsync("subscribed");
        for (var offset = 1; offset <= 10; offset++)
        {
            AssertOutput(await client.ReceiveAsync(), offset);
            host.HistoryLag = offset == 5 ? 0 : host.HistoryLag;
        }

        Assert.That(host.Metrics["realtime.gaps"], Is.Zero);
    }

    [Test]
    public async Task What_never_can_be_read_is_a_gap_in_the_end()
    {
        await using var host = await HubHost.StartAsync(new { CatchUpTimeout = "00:00:00.100" });
        Publish(host, "1", 10);
        host.HistoryLag = 5;
        await using var client = await host.JoinAsync();
        await client.SendAsync(PipeClient.Subscribe("task:1", 0));
        var frames = await client.CollectUntilAsync(frame => frame.Type() == "gap");
        Assert.That((frames.Count, frames[^1].GetProperty("from").GetInt64(), frames[^1].GetProperty("to").GetInt64()), Is.EqualTo((7, 6, 10)));
        Publish(host, "1", 1);
        AssertOutput(await client.ReceiveAsync(), 11);
    }

    [Test]
    public async Task Channels_of_one_client_catch_up_by_turns()
    {
        await using var host = await HubHost.StartAsync(Tiny);
        await using var client = await PipeClient.JoinAsync(host);
        Publish(host, "1", 2_000);
        Publish(host, "2", 2_000);
        await client.SubscribeAsync("task:1", 0);
        await client.SubscribeAsync("task:2", 0);
        await Probe.Until(() => host.Metrics["realtime.catch_ups.started"] == 2);
        var frames = await client.CollectUntilAsync(frame => frame.Type() == "task_output" && frame.Offset() == 2_000);
        var (first, second) = (frames[^1].Text("channel"), frames.Count(frame => frame.Type() == "task_output") - 2_000);
        Assert.That(second, Is.GreaterThan(1_000), $"the other has come along when {first} is through");
    }

    /// <summary>Each step publishes, reads, subscribes (with and without since) or unsubscribes; nobody waits for anything.</summary>
    [Test]
    public async Task Whatever_clients_do_each_channel_is_complete_and_in_order_or_has_exactly_the_gaps_that_were_told()
    {
        await using var host = await HubHost.StartAsync(new
        {
            OutboxBytes = 64 << 10,
            StallTimeout = "00:05:00",
            FramesPerSecond = 100_000,
            FrameBurst = 100_000,
            MaxRecoverMessages = 150,
            MaxCatchUpMessages = 300,
        });
        var run = 0;
        Prop.ForAll<NonEmptyArray<byte>>(steps => PlayAsync(host, run++, [.. steps.Get, .. steps.Get.Reverse()]).GetAwaiter().GetResult())
            .QuickCheckThrowOnFailure();
        await Probe.Until(() => host.Metrics["realtime.catch_ups.finished"] == host.Metrics["realtime.catch_ups.started"]);
        await Probe.Until(() => (host.Hub.Subscriptions, host.Hub.Channels, host.Watches) == (0, 0, 0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(host.Metrics["realtime.catch_ups.started"], Is.GreaterThan(50), "the property has seen slow clients");
            Assert.That(host.Metrics["realtime.recoveries:recovered"], Is.GreaterThan(50), "and recoveries");
            Assert.That(host.Metrics["realtime.gaps"], Is.GreaterThan(10), "and gaps");
        }
    }

    private static async Task PlayAsync(HubHost host, int run, IReadOnlyList<byte> steps)
    {
        string[] tasks = [$"{run}-0", $"{run}-1"];
        host.HistoryLength = (run % 3) switch { 0 => int.MaxValue, 1 => 40, _ => 0 };
        host.HistoryLag = run % 2 * 3;
        ModelClient[] clients = [await ModelClient.JoinAsync(host), await ModelClient.JoinAsync(host), await ModelClient.JoinAsync(host)];
        foreach (var (client, task) in clients.SelectMany(client => tasks.Select(task => (client, task))))
        {
            await client.SubscribeAsync($"task:{task}", isBack: false);
        }

        foreach (var step in steps)
        {
            var (client, task) = (clients[step % 3], tasks[step / 3 % 2]);
            switch (step / 6 % 8)
            {
                case 0:
                    client.ReadWhatIsThere(step);
                    break;
                case 1:
                    await client.SubscribeAsync($"task:{task}", isBack: true);
                    break;
                case 2:
                    await client.SubscribeAsync($"task:{task}", isBack: false);
                    break;
                case 3:
                    await client.UnsubscribeAsync($"task:{task}");
                    break;
                default:
                    Publish(host, task, step % 7 * 10);
                    break;
            }
        }

        host.HistoryLag = 0;
        foreach (var client in clients)
        {
            await client.ReadToTheEndAsync();
            foreach (var task in tasks)
            {
                await client.SubscribeAsync($"task:{task}", isBack: true);
                Publish(host, task, 1);
                await client.ReadToTheEndAsync(task);
            }

            await client.DisposeAsync();
        }
    }

    private static (Task Reading, Action Release) BlockReading(HubHost host, bool isCancellable = true)
    {
        var (reading, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.WhileReadingHistory = (_, cancellationToken) =>
        {
            reading.TrySetResult();
            return release.Task.WaitAsync(isCancellable ? cancellationToken : CancellationToken.None);
        };
        return (reading.Task, release.SetResult);
    }

    private static string Text(long offset) => $"{offset} ".PadRight(1_000, 'x');

    private static void Publish(HubHost host, string taskId, int count)
    {
        for (var i = 0; i < count; i++)
        {
            host.PublishOutput(taskId, offset => Text(offset));
        }
    }

    private static void AssertOutput(JsonElement frame, long offset) =>
        Assert.That((frame.Type(), frame.Offset(), frame.Text("output")), Is.EqualTo(("task_output", offset, Text(offset))));

    private static async Task<List<JsonElement>> ReceiveAsync(WsClient client, int count)
    {
        var frames = new List<JsonElement>();
        while (frames.Count < count)
        {
            frames.Add(await client.ReceiveAsync());
        }

        return frames;
    }

    /// <summary>Knows what it has to get.</summary>
    private sealed class ModelClient : IAsyncDisposable
    {
        private readonly HubHost _host;
        private readonly PipeClient _client;
        private readonly Queue<(string Channel, long? Since, bool IsSubscribe)> _asked = new();
        private readonly Dictionary<string, long> _last = [];
        private readonly HashSet<string> _subscribed = [];
        private readonly Dictionary<string, long> _notRecovered = [];

        private ModelClient(HubHost host, PipeClient client) => (_host, _client) = (host, client);

        public static async Task<ModelClient> JoinAsync(HubHost host) => new(host, await PipeClient.JoinAsync(host));

        public Task SubscribeAsync(string channel, bool isBack)
        {
            var since = isBack ? _last.GetValueOrDefault(channel) : (long?)null;
            _asked.Enqueue((channel, since, true));
            return _client.SubscribeAsync(channel, since);
        }

        public Task UnsubscribeAsync(string channel)
        {
            _asked.Enqueue((channel, null, false));
            return _client.SendAsync(new { type = "unsubscribe", channel });
        }

        public void ReadWhatIsThere(int atMost)
        {
            while (atMost-- > 0 && _client.TryReceive(out var frame))
            {
                Take(frame);
            }
        }

        /// <summary>Until every question is answered and every channel is at its head.</summary>
        public async Task ReadToTheEndAsync(string? task = null)
        {
            while (_asked.Count > 0 || _subscribed.Any(channel => _last[channel] < _host.HeadOf(channel)))
            {
                Take(await _client.ReceiveAsync());
            }

            Assert.That(task is null || _subscribed.Contains($"task:{task}"), Is.True);
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();

        private void Take(JsonElement frame)
        {
            var channel = frame.Text("channel")!;
            switch (frame.Type())
            {
                case "subscribed":
                    var asked = _asked.Dequeue();
                    var isRecovered = frame.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : (bool?)null;
                    Assert.That((asked.Channel, asked.IsSubscribe, asked.Since is null), Is.EqualTo((channel, true, isRecovered is null)));
                    if (isRecovered == true)
                    {
                        Assert.That(frame.Offset(), Is.EqualTo(asked.Since));
                    }

                    if (isRecovered == false)
                    {
                        _notRecovered.Add(channel, asked.Since!.Value);
                    }

                    _subscribed.Add(channel);
                    _last[channel] = frame.Offset();
                    break;
                case "unsubscribed":
                    var asked2 = _asked.Dequeue();
                    Assert.That((asked2.Channel, asked2.IsSubscribe), Is.EqualTo((channel, false)));
                    _subscribed.Remove(channel);
                    break;
                case "gap" when _notRecovered.Remove(channel, out var since):
                    Assert.That((frame.GetProperty("from").GetInt64(), frame.GetProperty("to").GetInt64()), Is.EqualTo((since + 1, _last[channel])));
                    break;
                case "gap":
                    Assert.That(_subscribed, Does.Contain(channel));
                    Assert.That(frame.GetProperty("from").GetInt64(), Is.EqualTo(_last[channel] + 1));
                    _last[channel] = frame.GetProperty("to").GetInt64();
                    break;
                default:
                    Assert.That(_subscribed, Does.Contain(channel));
                    Assert.That(_notRecovered, Does.Not.ContainKey(channel));
                    AssertOutput(frame, _last[channel] + 1);
                    _last[channel]++;
                    break;
            }
        }
    }
}
