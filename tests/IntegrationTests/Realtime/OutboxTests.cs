using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using FsCheck;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Api.Realtime.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class OutboxTests
{
    private const int Capacity = 64 << 10;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private RealtimeMetrics _metrics = null!;

    [OneTimeSetUp]
    public void CreateMetrics() => _metrics = new RealtimeMetrics(_services.GetRequiredService<IMeterFactory>());

    [OneTimeTearDown]
    public void Dispose() => _services.Dispose();

    /// <summary>Each step offers some KB to one of two channels, or (one in five) is a write of the client.</summary>
    [Test]
    public void Whatever_a_client_reads_each_channel_is_complete_or_has_a_gap_exactly_where_it_is_not()
    {
        var gaps = 0;
        Prop.ForAll<NonEmptyArray<byte>>(steps =>
        {
            var outbox = new Outbox(Capacity, _metrics);
            ChannelSubscription[] channels = [Subscription("task:0"), Subscription("task:1")];
            var (published, received) = (new long[2], new long[2]);
            foreach (var step in steps.Get)
            {
                if (step % 5 != 0)
                {
                    var channel = step % 2;
                    var offset = ++published[channel];
                    outbox.Offer(channels[channel], Frame(offset, $"{channel} {offset} {offset} ".PadRight(step * 200)));
                }
                else
                {
                    Take();
                }
            }

            while (Take())
            {
            }

            Assert.That(received, Is.EqualTo(published));

            bool Take()
            {
                var output = new ArrayBufferWriter<byte>();
                var any = outbox.TryTake(output, out var batch);
                var frames = 0;
                foreach (var (channel, from, to) in Parse(output.WrittenSpan))
                {
                    Assert.That(from, Is.EqualTo(received[channel] + 1));
                    received[channel] = to;
                    gaps += to > from ? 1 : 0;
                    frames++;
                }

                Assert.That(frames, Is.EqualTo(batch.Frames));
                return any;
            }
        }).QuickCheckThrowOnFailure();
        Assert.That(gaps, Is.GreaterThan(10), "the property has seen gaps");
    }

    [Test]
    public void What_waits_is_bounded_however_much_is_offered()
    {
        var outbox = new Outbox(Capacity, _metrics);
        var subscription = Subscription("task:0");
        for (var offset = 1; offset <= 10_000; offset++)
        {
            outbox.Offer(subscription, Frame(offset, new string('x', 1000)));
        }

        var output = new ArrayBufferWriter<byte>();
        while (outbox.TryTake(output, out _))
        {
        }

        // And the one gap.
        Assert.That(output.WrittenCount, Is.GreaterThan(Capacity / 2).And.LessThanOrEqualTo(Capacity + 200));
    }

    [Test]
    public void Latest_wins_frames_are_replaced_in_place()
    {
        var outbox = new Outbox(Capacity, _metrics);
        var subscription = Subscription("cli");
        outbox.Offer(subscription, new HubFrame("a"u8.ToArray(), null, "key", 0));
        outbox.Offer(subscription, new HubFrame("-"u8.ToArray(), 1, null, 0));
        outbox.Offer(subscription, new HubFrame("bb"u8.ToArray(), null, "key", 0));
        var output = new ArrayBufferWriter<byte>();
        outbox.TryTake(output, out _);
        outbox.Offer(subscription, new HubFrame("c"u8.ToArray(), null, "key", 0));
        outbox.TryTake(output, out _);
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Is.EqualTo("bb-c"));
    }

    [Test]
    public void The_newest_notice_without_an_offset_follows_the_gap()
    {
        var outbox = new Outbox(Capacity, _metrics);
        var subscription = Subscription("task:0");
        outbox.Offer(subscription, Frame(1, new string('x', Capacity - 100)));
        outbox.Offer(subscription, Frame(2, new string('x', 1000)));
        outbox.Offer(subscription, new HubFrame("first"u8.ToArray(), null, null, 0));
        outbox.Offer(subscription, new HubFrame("newest"u8.ToArray(), null, null, 0));
        outbox.TryTake(new ArrayBufferWriter<byte>(), out _);
        var rest = new ArrayBufferWriter<byte>();
        outbox.TryTake(rest, out _);
        Assert.That(Encoding.UTF8.GetString(rest.WrittenSpan), Does.Contain("""from":2,"to":2""").And.EndsWith("newest"));
    }

    [Test]
    public void A_frame_larger_than_the_outbox_goes_through_an_empty_one()
    {
        var outbox = new Outbox(Capacity, _metrics);
        outbox.Offer(Subscription("task:0"), Frame(1, new string('x', 2 * Capacity)));
        outbox.TryTake(new ArrayBufferWriter<byte>(), out var batch);
        Assert.That(batch.Bytes, Is.GreaterThan(2 * Capacity));
    }

    private ChannelSubscription Subscription(string channel) => new(new HubChannel(channel, _metrics), null!);

    private static HubFrame Frame(long offset, string text) => new(FrameEncoder.Text(Encoding.UTF8.GetBytes(text)), offset, null, 0);

    /// <summary>Channel, first and last offset of each frame: a message is its own, a gap a longer range.</summary>
    private static List<(int Channel, long From, long To)> Parse(ReadOnlySpan<byte> frames)
    {
        var ranges = new List<(int, long, long)>();
        while (!frames.IsEmpty)
        {
            var (header, length) = frames[1] switch { < 126 => (2, frames[1]), 126 => (4, (frames[2] << 8) | frames[3]), _ => (10, 0) };
            var text = Encoding.UTF8.GetString(frames.Slice(header, length));
            frames = frames[(header + length)..];
            if (text[0] == '{')
            {
                var gap = global::System.Text.Json.JsonElement.Parse(text);
                ranges.Add((gap.GetProperty("channel").GetString()![^1] - '0', gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64()));
            }
            else
            {
                var parts = text.Split(' ');
                ranges.Add((parts[0][0] - '0', long.Parse(parts[1]), long.Parse(parts[2])));
            }
        }

        return ranges;
    }
}
