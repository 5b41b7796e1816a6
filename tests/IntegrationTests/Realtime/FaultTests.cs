using System.Text.Json;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Clients and networks at their worst: whoever is to blame is let go, and nobody else notices.</summary>
internal sealed class FaultTests
{
    [TestCase(3, TestName = "Cut in the header of a frame")]
    [TestCase(40, TestName = "Cut in the payload of a frame")]
    [TestCase(70, TestName = "Cut between the fragments of a message")]
    [TestCase(75, TestName = "Cut in the second fragment")]
    public async Task A_connection_cut_in_the_middle_of_a_message_leaves_nothing_behind(int bytes)
    {
        await using var host = await HubHost.StartAsync();
        await using var staying = await host.JoinAsync();
        await staying.SubscribeAsync("task:1");
        byte[] message = [.. ClientFrames.Encode(Opcode.Text, new byte[64], isFinal: false), .. ClientFrames.Encode(Opcode.Continuation, new byte[64])];
        using (var cut = await RawClient.JoinAsync(host.Address))
        {
            await cut.SendTextAsync("""{"type":"subscribe","channel":"task:1"}""");
            Assert.That((await cut.ReadJsonAsync()).Type(), Is.EqualTo("subscribed"));
            await cut.SendAsync(message.AsSpan(0, bytes).ToArray());
        }

        await Probe.Until(() => (host.Hub.Connections, host.Hub.Subscriptions) == (1, 1));
        Assert.That(host.Metrics["realtime.disconnects:1006"], Is.EqualTo(1));
        host.PublishOutput("1", "still there");
        Assert.That((await staying.ReceiveAsync("task_output")).Text("output"), Is.EqualTo("still there"));
    }

    [TestCaseSource(nameof(BrokenFrames))]
    public async Task A_broken_frame_ends_its_own_connection_only(byte[] frame, int code)
    {
        await using var host = await HubHost.StartAsync();
        await using var staying = await host.JoinAsync();
        await staying.SubscribeAsync("task:1");
        using (var broken = await RawClient.JoinAsync(host.Address))
        {
            await broken.SendTextAsync("""{"type":"subscribe","channel":"task:1"}""");
            Assert.That((await broken.ReadJsonAsync()).Type(), Is.EqualTo("subscribed"));
            await broken.SendAsync(frame);
            Assert.That((await broken.ReadCloseAsync()).Code, Is.EqualTo(code));
        }

        await Probe.Until(() => (host.Hub.Connections, host.Hub.Subscriptions) == (1, 1));
        Assert.That(host.Metrics[$"realtime.disconnects:{code}"], Is.EqualTo(1));
        host.PublishOutput("1", "still there");
        await staying.ReceiveAsync("task_output");
    }

    [TestCase("conversation:c-1", true)]
    [TestCase("flow:u@example.com", true)]
    [TestCase("webhooks", true)]
    [TestCase("sources", true)]
    [TestCase("alerts", true)]
    [TestCase("task:none", true)]
    [TestCase("tasks", true)]
    [TestCase("server:host-1", false)]
    [TestCase("stats", false)]
    public async Task A_channel_with_no_history_begins_at_0(string channel, bool isSequenced)
    {
        await using var host = await HubHost.StartAsync();
        await using var client = await host.JoinAsync();
        var first = await client.SubscribeAsync(channel);
        await client.SendAsync(new { type = "subscribe", channel, since = new { epoch = first.Text("epoch"), offset = 0 } });
        var again = await client.ReceiveAsync("subscribed");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Offset(), Is.Zero);
            Assert.That(again.Offset(), Is.Zero);
            Assert.That(Channels.IsSequenced(channel), Is.EqualTo(isSequenced));
        }

        host.Publish(channel, isSequenced ? 1 : null, new SystemMessage("first", ""));
        Assert.That((await client.ReceiveAsync("system")).Text("state"), Is.EqualTo("first"));
    }

    /// <summary>
    /// Five channels on which something is published all the time, four clients that subscribe, unsubscribe and come back as chance has it. What a
    /// client sees is checked frame by frame against what it was promised last.
    /// </summary>
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task Whatever_is_subscribed_and_unsubscribed_meanwhile_nothing_is_missed_doubled_or_out_of_order(int seed)
    {
        const int Channels = 5;
        const int Rounds = 300;
        await using var host = await HubHost.StartAsync(new
        {
            FramesPerSecond = 100_000,
            FrameBurst = 100_000,
            OutboxBytes = 64 << 20,
            MaxRecoverMessages = 1_000_000,
        });
        host.WhileReadingPosition = async () => await Task.Yield();
        host.WhileReadingHistory = async (_, _) => await Task.Yield();
        using var stop = new CancellationTokenSource();
        var publishing = Task.Run(async () =>
        {
            var chance = new Random(seed);
            while (!stop.IsCancellationRequested)
            {
                host.PublishOutput($"{chance.Next(Channels)}", offset => $"{offset}");
                await Task.Yield();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async number =>
        {
            var chance = new Random((seed * 100) + number);
            await using var client = await host.JoinAsync();
            var seen = new Promises();
            for (var round = 0; round < Rounds; round++)
            {
                var channel = $"task:{chance.Next(Channels)}";
                if (chance.Next(3) == 0)
                {
                    await client.SendAsync(new { type = "unsubscribe", channel });
                }
                else
                {
                    await client.SendAsync(seen.Subscribe(channel, withSince: chance.Next(2) == 0));
                }

                // Now and then what has come is read first, now and then much later.
                for (var reads = chance.Next(12); reads > 0 && seen.IsOwedAnything; reads--)
                {
                    seen.Check(await client.ReceiveAsync());
                }
            }

            if (number == 0)
            {
                await stop.CancelAsync();
                await publishing;
            }

            await publishing;
            var all = Enumerable.Range(0, Channels).Select(i => $"task:{i}").ToList();
            foreach (var channel in all)
            {
                await client.SendAsync(seen.Subscribe(channel, withSince: true));
            }

            while (all.Exists(channel => seen.IsAwaiting(channel) || seen.Next(channel) <= host.HeadOf(channel)))
            {
                seen.Check(await client.ReceiveAsync());
            }
        }));
        Assert.That(host.Metrics["realtime.gaps"], Is.Zero);
    }

    [Test]
    public async Task A_thousand_clients_that_come_back_at_once_get_everything_once_and_in_order()
    {
        const int Clients = 1_000;
        const int Before = 100;
        const int Missed = 200;
        await using var host = await HubHost.StartAsync();
        for (var i = 0; i < Before + Missed; i++)
        {
            host.PublishOutput("1", $"{i}");
        }

        var coming = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            await using var client = await host.JoinAsync();
            await client.SendAsync(new { type = "subscribe", channel = "task:1", since = new { epoch = HubHost.Epoch, offset = Before } });
            var subscribed = await client.ReceiveAsync("subscribed");
            var frames = await client.CollectUntilAsync(frame => frame.Text("output") == "end");
            return (Recovered: subscribed.GetProperty("recovered").GetBoolean(), Offsets: frames.ConvertAll(frame => frame.Offset()));
        })));
        await Probe.Until(() => host.Metrics["realtime.recoveries:recovered"] == Clients, "all have come back", TimeSpan.FromSeconds(60));
        host.PublishOutput("1", "end");

        var expected = Enumerable.Range(Before + 1, Missed + 1).Select(offset => (long)offset).ToList();
        foreach (var (recovered, offsets) in await coming.WaitAsync(TimeSpan.FromSeconds(60)))
        {
            Assert.That(recovered, Is.True);
            Assert.That(offsets, Is.EqualTo(expected));
        }
    }

    private static IEnumerable<TestCaseData> BrokenFrames()
    {
        static TestCaseData Case(string name, int code, params byte[][] frames) =>
            new TestCaseData(frames.SelectMany(frame => frame).ToArray(), code).SetArgDisplayNames(name);

        yield return Case("not masked", 1002, ClientFrames.Encode(Opcode.Text, "ping"u8, isMasked: false));
        yield return Case("reserved bit", 1002, ClientFrames.Encode(Opcode.Text, "ping"u8, reservedBits: 0x40));
        yield return Case("unknown opcode", 1002, ClientFrames.Encode((Opcode)5, "ping"u8));
        yield return Case("fragmented ping", 1002, ClientFrames.Encode(Opcode.Ping, [], isFinal: false));
        yield return Case("continuation of nothing", 1002, ClientFrames.Encode(Opcode.Continuation, "ping"u8));
        yield return Case("invalid UTF-8", 1007, ClientFrames.Encode(Opcode.Text, [0xC3, 0x28]));
        yield return Case(
            "invalid UTF-8 across fragments", 1007, ClientFrames.Encode(Opcode.Text, [0xE2, 0x82], isFinal: false), ClientFrames.Encode(Opcode.Continuation, "x"u8));
        yield return Case("too large", 1009, [0x81, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
        yield return Case(
            "fragments without end", 1009, [ClientFrames.Encode(Opcode.Text, [], isFinal: false), .. Enumerable.Repeat(ClientFrames.Encode(Opcode.Continuation, [], isFinal: false), 5_000)]);
    }

    /// <summary>What the server has promised to one client, channel by channel; each frame is held against it.</summary>
    private sealed class Promises
    {
        // By channel: the answers that are due, with the offset that each has to name (null: any); and the next offset while subscribed.
        private readonly Dictionary<string, Queue<long?>> _due = [];
        private readonly Dictionary<string, long> _next = [];
        private readonly Dictionary<string, long> _last = [];

        /// <summary>Whether a frame will come for certain.</summary>
        public bool IsOwedAnything => _due.Values.Any(due => due.Count > 0);

        public bool IsAwaiting(string channel) => _due.TryGetValue(channel, out var due) && due.Count > 0;

        public long Next(string channel) => _next[channel];

        public object Subscribe(string channel, bool withSince)
        {
            var since = withSince && _last.TryGetValue(channel, out var last) ? last : (long?)null;
            (_due.TryGetValue(channel, out var due) ? due : _due[channel] = new Queue<long?>()).Enqueue(since);
            return since is { } offset
                ? new { type = "subscribe", channel, since = new { epoch = HubHost.Epoch, offset } }
                : new { type = "subscribe", channel };
        }

        public void Check(JsonElement frame)
        {
            var channel = frame.Text("channel")!;
            switch (frame.Type())
            {
                case "subscribed":
                    var since = _due[channel].Dequeue();
                    Assert.That(since is null || (frame.Offset() == since && frame.GetProperty("recovered").GetBoolean()), Is.True, frame.GetRawText());
                    Assert.That(frame.Offset(), Is.GreaterThanOrEqualTo(since ?? _last.GetValueOrDefault(channel)));
                    _next[channel] = frame.Offset() + 1;
                    break;
                case "unsubscribed":
                    _next.Remove(channel);
                    break;
                case "task_output":
                    Assert.That(_next.TryGetValue(channel, out var next), Is.True, $"not subscribed: {frame.GetRawText()}");
                    Assert.That((frame.Offset(), frame.Text("output")), Is.EqualTo((next, $"{next}")));
                    _next[channel] = next + 1;
                    _last[channel] = Math.Max(_last.GetValueOrDefault(channel), next);
                    break;
                default:
                    Assert.Fail(frame.GetRawText());
                    break;
            }
        }
    }
}
