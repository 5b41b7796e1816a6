using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using FsCheck;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Testing;
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

    [Test]
    public void What_waits_is_bounded_however_much_is_offered()
    {
        var outbox = new Outbox(Capacity, _metrics);
        var (taken, refused) = (0, 0);
        for (var offset = 1; offset <= 10_000; offset++)
        {
            var frame = Frame(offset, new string('x', 1000));
            _ = outbox.TryOffer(frame, out _) ? taken += frame.Bytes.Length : refused++;
            Assert.That(outbox.TryRefill(frame, out _), Is.EqualTo(taken <= Capacity / 2), "history has room in the lower half only");
            taken += taken <= Capacity / 2 ? frame.Bytes.Length : 0;
        }

        var output = new ArrayBufferWriter<byte>();
        WriteAll(outbox, output);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(output.WrittenCount, Is.EqualTo(taken).And.GreaterThan(Capacity * 9 / 10).And.LessThanOrEqualTo(Capacity));
            Assert.That(refused, Is.GreaterThan(9_000));
        }
    }

    /// <summary>Each step offers up to 4 KB, or (one in five) is a write, of which the socket takes a part.</summary>
    [Test]
    public void What_is_taken_is_written_once_in_order_and_nothing_else_is() =>
        Prop.ForAll<NonEmptyArray<byte>>(steps =>
        {
            var outbox = new Outbox(Capacity, _metrics);
            var expected = new ArrayBufferWriter<byte>();
            var written = new ArrayBufferWriter<byte>();
            var offset = 0L;
            foreach (var step in steps.Get)
            {
                var frame = Frame(++offset, $"{offset} ".PadRight(step * 16));
                if (step % 5 == 0)
                {
                    Write(outbox, written, step * 100);
                }
                else if (step % 2 == 0 ? outbox.TryOffer(frame, out _) : outbox.TryRefill(frame, out _))
                {
                    expected.Write(frame.Bytes);
                }
            }

            WriteAll(outbox, written);

            Assert.That(written.WrittenSpan.SequenceEqual(expected.WrittenSpan), Is.True);
        }).QuickCheckThrowOnFailure();

    [Test]
    public async Task Room_for_history_is_announced_once_three_quarters_are_free()
    {
        var outbox = new Outbox(Capacity, _metrics);
        Assert.That(await outbox.WaitForRoomAsync(), Is.True, "an empty one has room");
        Assert.That(outbox.TryRefill(Frame(1, new string('x', Capacity)), out _), Is.True, "whatever its length");
        Assert.That(outbox.TryOffer(Frame(2, new string('x', 100)), out _), Is.False);

        var room = outbox.WaitForRoomAsync();
        Assert.That(room.IsCompleted, Is.False);
        WriteAll(outbox, new ArrayBufferWriter<byte>());
        Assert.That(await room.WaitAsync(Probe.Deadline), Is.True);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Who_waits_for_room_learns_that_there_will_be_none(bool politely)
    {
        var outbox = new Outbox(Capacity, _metrics);
        outbox.TryRefill(Frame(1, new string('x', Capacity)), out _);
        var room = outbox.WaitForRoomAsync();
        if (politely)
        {
            outbox.Complete([1]);
        }
        else
        {
            outbox.Discard();
        }

        Assert.That(await room.WaitAsync(Probe.Deadline), Is.False);
        Assert.That(await outbox.WaitForRoomAsync(), Is.False);
    }

    [Test]
    public void Latest_wins_frames_are_replaced_in_place()
    {
        var outbox = new Outbox(Capacity, _metrics);
        outbox.TryOffer(new HubFrame("a"u8.ToArray(), null, "key", 0), out _);
        outbox.TryOffer(new HubFrame("-"u8.ToArray(), 1, null, 0), out _);
        outbox.TryOffer(new HubFrame("bb"u8.ToArray(), null, "key", 0), out _);
        var output = new ArrayBufferWriter<byte>();
        Write(outbox, output, 2);
        outbox.TryOffer(new HubFrame("c"u8.ToArray(), null, "key", 0), out _);
        WriteAll(outbox, output);
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Is.EqualTo("bb-c"));
    }

    [Test]
    public void A_frame_larger_than_the_outbox_goes_through_an_empty_one()
    {
        var outbox = new Outbox(Capacity, _metrics);
        outbox.TryOffer(Frame(1, new string('x', 2 * Capacity)), out _);
        var output = new ArrayBufferWriter<byte>();
        WriteAll(outbox, output);
        Assert.That(output.WrittenCount, Is.GreaterThan(2 * Capacity));
    }

    private static void WriteAll(Outbox outbox, ArrayBufferWriter<byte> output)
    {
        while (Write(outbox, output, int.MaxValue))
        {
        }
    }

    /// <summary>A socket that takes at most so many bytes.</summary>
    private static bool Write(Outbox outbox, ArrayBufferWriter<byte> output, int atMost)
    {
        var next = outbox.Peek(new byte[Outbox.MaxJoinedBytes]);
        var taken = next[..Math.Min(next.Length, atMost)];
        output.Write(taken.Span);
        var sent = default(Sent);
        return !next.IsEmpty && outbox.Advance(taken.Length, ref sent);
    }

    private static HubFrame Frame(long offset, string text) => new(FrameEncoder.Text(Encoding.UTF8.GetBytes(text)), offset, null, 0);
}
