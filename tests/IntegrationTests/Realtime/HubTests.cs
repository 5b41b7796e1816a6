using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class HubTests
{
    [Test]
    public async Task The_frame_after_subscribed_is_the_next_one_whatever_is_published_meanwhile()
    {
        await using var host = await HubHost.StartAsync(new { FramesPerSecond = 10_000, FrameBurst = 10_000, OutboxBytes = 64 << 20 });
        host.WhileReadingPosition = async () => await Task.Yield();
        using var stop = new CancellationTokenSource();
        var publisher = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                for (var i = 0; i < 10; i++)
                {
                    host.PublishOutput("1", "x");
                }

                await Task.Yield();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var client = await host.JoinAsync();
            for (var round = 0; round < 30; round++)
            {
                await client.SendAsync(new { type = "subscribe", channel = "task:1" });
                var subscribed = await client.ReceiveAsync("subscribed");
                var frames = new List<long>();
                for (var i = 0; i < round; i++)
                {
                    frames.Add((await client.ReceiveAsync("task_output")).Offset());
                }

                await client.SendAsync(new { type = "unsubscribe", channel = "task:1" });
                var rest = await client.CollectUntilAsync(frame => frame.Type() == "unsubscribed");
                frames.AddRange(rest.SkipLast(1).Select(frame => frame.Offset()));
                Assert.That(frames, Is.EqualTo(Enumerable.Range(1, frames.Count).Select(i => subscribed.Offset() + i)));
            }
        }));
        await stop.CancelAsync();
        await publisher;
    }

    [Test]
    public async Task What_is_published_while_the_position_is_read_is_counted_in_it()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        host.WhileReadingPosition = () =>
        {
            host.PublishOutput("1", "one");
            host.PublishOutput("1", "two");
            return Task.CompletedTask;
        };
        Assert.That((await client.SubscribeAsync("task:1")).Offset(), Is.EqualTo(2));
        host.PublishOutput("1", "three");
        Assert.That((await client.ReceiveAsync("task_output")).Offset(), Is.EqualTo(3));
    }

    [Test]
    public async Task What_the_position_holds_already_is_not_sent_again_when_it_is_published()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        host.SetHead("task:1", 42);
        Assert.That((await client.SubscribeAsync("task:1")).Offset(), Is.EqualTo(42));
        host.Publish("task:1", 42, new SystemMessage("late", ""));
        host.PublishOutput("1", "new");
        Assert.That((await client.ReceiveAsync()).Offset(), Is.EqualTo(43));
    }

    [Test]
    public async Task After_unsubscribed_nothing_of_the_channel_comes()
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        await client.SubscribeAsync("task:1");
        await client.SubscribeAsync("task:2");
        await client.SendAsync(new { type = "unsubscribe", channel = "task:1" });
        await client.ReceiveAsync("unsubscribed");
        host.PublishOutput("1", "not for us");
        host.PublishOutput("2", "for us");
        Assert.That((await client.ReceiveAsync("task_output")).Text("output"), Is.EqualTo("for us"));
        Assert.That(host.Hub.Subscriptions, Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_client_that_leaves_leaves_nothing_behind(bool politely)
    {
        await using var host = await HubHost.StartAsync();
        await using var staying = await host.JoinAsync();
        await staying.SubscribeAsync("task:1");
        var leaving = await host.JoinAsync();
        await leaving.SubscribeAsync("task:1");
        await leaving.SubscribeAsync("task:2");
        Assert.That((host.Hub.Connections, host.Hub.Subscriptions, host.Hub.Channels), Is.EqualTo((2, 3, 2)));

        if (politely)
        {
            await leaving.CloseAsync();
        }

        await leaving.DisposeAsync();
        await Probe.Until(() => (host.Hub.Connections, host.Hub.Subscriptions, host.Hub.Channels) == (1, 1, 1));
        host.PublishOutput("1", "still there");
        await staying.ReceiveAsync("task_output");
        await Probe.Until(() => host.Metrics[$"realtime.disconnects:{(politely ? 1000 : 1006)}"] == 1);
        Assert.That((host.Metrics["realtime.connections"], host.Metrics["realtime.subscriptions"]), Is.EqualTo((1, 1)));
    }

    [TestCase(false, true, TestName = "Every subscriber gets every message once in order, and each is encoded once: one call for many")]
    [TestCase(false, false, TestName = "Every subscriber gets every message once in order, and each is encoded once: a call for each")]
    [TestCase(true, true, TestName = "Every subscriber gets every message once in order, and each is encoded once: TLS")]
    public async Task Every_subscriber_gets_every_message_once_in_order_and_each_is_encoded_once(bool https, bool ioUring)
    {
        const int Subscribers = 50;
        const int Messages = 1_000;
        await using var host = await HubHost.StartAsync(new { IoUring = ioUring }, https);
        var clients = await Task.WhenAll(Enumerable.Range(0, Subscribers).Select(async _ =>
        {
            var client = await host.JoinAsync();
            await client.SubscribeAsync("task:1");
            return client;
        }));

        host.PublishOutput("unwatched", "is not even encoded");
        var received = Task.WhenAll(clients.Select(async client =>
            (await client.CollectUntilAsync(frame => frame.Offset() == Messages)).ConvertAll(frame => (frame.Offset(), frame.Text("output")))));
        for (var i = 1; i <= Messages; i++)
        {
            host.PublishOutput("1", $"line {i}");
        }

        var expected = Enumerable.Range(1, Messages).Select(i => ((long)i, (string?)$"line {i}")).ToList();
        foreach (var frames in await received)
        {
            Assert.That(frames, Is.EqualTo(expected));
        }

        Assert.That(host.Metrics["realtime.frames.encoded"], Is.EqualTo(Messages));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Test]
    public async Task A_large_audience_gets_everything_once_in_order_while_others_come_and_go()
    {
        const int Messages = 2_000;
        await using var host = await HubHost.StartAsync();
        var staying = await Task.WhenAll(Enumerable.Range(0, 2 * Cohort.MaxSize).Select(_ => SubscribeAsync()));
        var received = Task.WhenAll(staying.Select(client => client.CollectUntilAsync(frame => frame.Type() == "task_output" && frame.Offset() == Messages)));
        var passing = new List<Task<List<JsonElement>>>();
        for (var i = 1; i <= Messages; i++)
        {
            host.PublishOutput("1", $"line {i}");
            if (i % 5 == 0)
            {
                passing.Add(PassAsync());
                host.Hub.EndRound();
                await Task.Yield();
            }
        }

        foreach (var frames in (await received).Concat(await Task.WhenAll(passing)))
        {
            var offsets = frames.Where(frame => frame.Type() == "task_output").Select(frame => frame.Offset()).ToList();
            var first = frames.Find(frame => frame.Type() == "subscribed").Offset() + 1;
            Assert.That(offsets, Is.EqualTo(Enumerable.Range(0, offsets.Count).Select(i => first + i)));
        }

        foreach (var client in staying)
        {
            await client.DisposeAsync();
        }

        await Probe.Until(() => (host.Hub.Connections, host.Hub.Subscriptions, host.Hub.Channels) == (0, 0, 0));

        async Task<PipeClient> SubscribeAsync()
        {
            var client = await PipeClient.JoinAsync(host);
            await client.SubscribeAsync("task:1");
            return client;
        }

        async Task<List<JsonElement>> PassAsync()
        {
            await using var client = await SubscribeAsync();
            return await client.CollectUntilAsync(frame => frame.Type() == "task_output" ? frame.Offset() % 50 == 0 : frame.Offset() > Messages - 50);
        }
    }

    [Test]
    public async Task A_client_that_does_not_read_for_a_while_is_told_exactly_what_history_cannot_give_and_nobody_else_notices()
    {
        await using var host = await HubHost.StartAsync(new { OutboxBytes = 256 << 10, StallTimeout = "00:05:00" });
        host.HistoryLength = 0;
        using var slow = await RawClient.JoinAsync(host.Address, receiveBuffer: 4096);
        await slow.SendTextAsync("""{"type":"subscribe","channel":"task:a#1"}""");
        Assert.That((await slow.ReadJsonAsync()).Type(), Is.EqualTo("subscribed"));
        await using var fast = await host.JoinAsync();
        await fast.SubscribeAsync("task:a#1");

        // More than the kernel, the transport and the outbox hold together; never more at once than the fast client's outbox.
        var text = new string('x', 16_000);
        var seen = 0L;
        var roundsBehind = 0;
        while ((roundsBehind += host.Metrics["realtime.catch_ups.started"] == 0 ? 0 : 1) < 20)
        {
            for (var i = 0; i < 10; i++)
            {
                host.PublishOutput("a#1", text);
            }

            Assert.That(seen, Is.LessThan(5_000), "80 MB are more than can wait anywhere");
            foreach (var frame in await ReadAsync(fast, 10))
            {
                Assert.That(frame.Offset(), Is.EqualTo(++seen));
            }
        }

        // The slow one begins to read. Once it has caught up, it is live again.
        var expected = 1L;
        var gaps = new List<JsonElement>();
        JsonElement last;
        do
        {
            last = await slow.ReadJsonAsync();
            if (last.Type() == "gap")
            {
                gaps.Add(last);
                var (from, to) = (last.GetProperty("from").GetInt64(), last.GetProperty("to").GetInt64());
                Assert.That(from, Is.EqualTo(expected));
                Assert.That(last.Text("reason"), Is.EqualTo("slow_consumer"));
                Assert.That(last.Text("fill"), Is.EqualTo(string.Create(
                    CultureInfo.InvariantCulture, $"/api/tasks/a%231/log?after={from - 1}&limit={to - from + 1}")));
                expected = to + 1;
                if (expected > seen)
                {
                    host.PublishOutput("a#1", "live again");
                    seen++;
                }
            }
            else
            {
                Assert.That(last.Offset(), Is.EqualTo(expected++));
            }
        }
        while (expected <= seen);

        var missing = gaps.Sum(gap => gap.GetProperty("to").GetInt64() - gap.GetProperty("from").GetInt64() + 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(last.Text("output"), Is.EqualTo("live again"));
            Assert.That(missing, Is.Positive);
            Assert.That(missing, Is.EqualTo(host.Metrics["realtime.frames.dropped:slow_consumer"]));
            Assert.That(host.Metrics["realtime.gaps:slow_consumer"], Is.EqualTo(gaps.Count));
        }
    }

    [Test]
    public async Task A_client_that_takes_nothing_is_cut()
    {
        await using var host = await HubHost.StartAsync(new { OutboxBytes = 64 << 10, StallTimeout = "00:00:00.200", SweepInterval = "00:00:00.010" });
        using var stuck = await RawClient.JoinAsync(host.Address, receiveBuffer: 4096);
        await stuck.SendTextAsync("""{"type":"subscribe","channel":"task:1"}""");
        await Probe.Until(() => host.Hub.Subscriptions == 1);
        var text = new string('x', 60_000);
        await Probe.Until(
            () =>
            {
                host.PublishOutput("1", text);
                return host.Hub.Connections == 0;
            },
            "the connection is cut");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await stuck.IsEndedAsync(), Is.True);
            Assert.That(host.Metrics["realtime.disconnects:4008"], Is.EqualTo(1));
            Assert.That(host.Hub.Subscriptions, Is.Zero);
        }
    }

    [Test]
    public async Task A_client_that_asks_and_never_reads_the_answers_is_cut()
    {
        await using var host = await HubHost.StartAsync(new
        {
            OutboxBytes = 64 << 10,
            FramesPerSecond = 100_000,
            FrameBurst = 100_000,
            StallTimeout = "00:00:00.200",
            SweepInterval = "00:00:00.010",
        });
        using var rude = await RawClient.JoinAsync(host.Address, receiveBuffer: 4096);
        var question = ClientFrames.Encode(Opcode.Ping, new byte[125]);
        var questions = Enumerable.Repeat(question, 100).SelectMany(frame => frame).ToArray();
        await Probe.Until(
            async () =>
            {
                try
                {
                    await rude.SendAsync(questions);
                    return false;
                }
                catch (SocketException)
                {
                    return true;
                }
            },
            "the connection is cut");
        await Probe.Until(() => host.Metrics["realtime.disconnects:4008"] == 1);
    }

    [Test]
    public async Task A_silent_client_is_pinged_and_ended_after_two_missed_beats()
    {
        await using var host = await HubHost.StartAsync(new { HeartbeatInterval = "00:00:00.050", SweepInterval = "00:00:00.010" });
        using var silent = await RawClient.JoinAsync(host.Address);
        Assert.That((await silent.ReadFrameAsync()).Opcode, Is.EqualTo(Opcode.Ping));
        Assert.That((await silent.ReadFrameAsync()).Opcode, Is.EqualTo(Opcode.Ping));
        Assert.That((await silent.ReadCloseAsync()).Code, Is.EqualTo(CloseCodes.NoPong));
    }

    [Test]
    public async Task A_client_that_answers_pings_stays()
    {
        await using var host = await HubHost.StartAsync(new { HeartbeatInterval = "00:00:00.200", SweepInterval = "00:00:00.010" });
        using var client = await RawClient.JoinAsync(host.Address);
        for (var beat = 0; beat < 5; beat++)
        {
            Assert.That((await client.ReadFrameAsync()).Opcode, Is.EqualTo(Opcode.Ping));
            await client.SendAsync(ClientFrames.Encode(Opcode.Pong, []));
        }
    }

    [Test]
    public async Task On_shutdown_clients_are_told_when_to_come_back_and_the_deaf_do_not_hold_it_up()
    {
        await using var host = await HubHost.StartAsync(new { ReconnectWithinSeconds = 7, CloseTimeout = "00:00:01", SweepInterval = "00:00:00.010" });
        await using var client = await host.JoinAsync();
        using var deaf = await RawClient.JoinAsync(host.Address);

        var stopping = host.StopAsync();
        Assert.That((await client.ReceiveAsync("draining")).GetProperty("reconnect_within_seconds").GetInt32(), Is.EqualTo(7));
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.GoingAway));
        await stopping.WaitAsync(Probe.Deadline);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await deaf.IsEndedAsync(), Is.True);
            Assert.That(host.Hub.Connections, Is.Zero);
            Assert.That(host.Metrics["realtime.disconnects:1001"], Is.EqualTo(2));
        }
    }

    [Test]
    public async Task On_shutdown_many_clients_are_let_go_one_after_the_other_with_more_time_to_come_back()
    {
        const int Clients = 300;
        await using var host = await HubHost.StartAsync(new { DrainWindow = "00:00:03", ReconnectsPerSecond = 10 });
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => host.JoinAsync()));
        var leaving = Task.WhenAll(clients.Select(async client =>
        {
            var draining = await client.ReceiveAsync("draining");
            var at = Stopwatch.GetTimestamp();
            return (draining.GetProperty("reconnect_within_seconds").GetInt32(), await client.ReceiveCloseAsync(), At: at);
        }));

        await host.StopAsync().WaitAsync(Probe.Deadline);
        var left = await leaving;
        var times = left.Select(one => one.At).Order().ToList();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(left.Select(one => one.Item1), Is.All.EqualTo(Clients / 10));
            Assert.That(left.Select(one => one.Item2), Is.All.EqualTo(CloseCodes.GoingAway));
            Assert.That(Stopwatch.GetElapsedTime(times[0], times[^1]), Is.GreaterThan(TimeSpan.FromSeconds(0.4)));
            Assert.That(Stopwatch.GetElapsedTime(times[0], times[Clients / 2]), Is.GreaterThan(TimeSpan.FromSeconds(0.2)), "nor most of them at once");
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task<List<JsonElement>> ReadAsync(WsClient client, int count)
    {
        var frames = new List<JsonElement>(count);
        while (frames.Count < count)
        {
            frames.Add(await client.ReceiveAsync());
        }

        return frames;
    }
}
