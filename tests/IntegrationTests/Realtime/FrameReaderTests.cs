using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using FsCheck;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class FrameReaderTests
{
    [Test]
    public void Any_split_and_any_fragmentation_yield_the_same_messages()
    {
        Prop.ForAll<NonEmptyArray<NonNull<string>>, NonEmptyArray<byte>, NonEmptyArray<byte>>((texts, fragments, reads) =>
        {
            var sent = new MemoryStream();
            var expected = new List<(Opcode, string)>();
            var sizes = Cycle(fragments.Get);
            foreach (var text in texts.Get)
            {
                // Longer than a vector and than the first buffer, now and then.
                var payload = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text.Get, 1 + (sizes() * sizes() % 300))));
                var opcode = Opcode.Text;
                for (var rest = payload.AsSpan(); ;)
                {
                    var size = Math.Min(rest.Length, sizes() * 7);
                    var isFinal = size == rest.Length;
                    sent.Write(ClientFrames.Encode(opcode, rest[..size], isFinal));
                    opcode = Opcode.Continuation;
                    if (isFinal)
                    {
                        break;
                    }

                    // Control frames may come between fragments.
                    sent.Write(ClientFrames.Encode(Opcode.Ping, [(byte)size]));
                    expected.Add((Opcode.Ping, Convert.ToHexString([(byte)size])));
                    rest = rest[size..];
                }

                expected.Add((Opcode.Text, Convert.ToHexString(payload)));
            }

            Assert.That(Read(sent.ToArray(), Cycle(reads.Get)), Is.EqualTo(expected));
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Whatever_the_bytes_are_it_ends_with_a_message_a_violation_or_the_end()
    {
        Prop.ForAll<byte[], NonEmptyArray<byte>>((bytes, reads) =>
        {
            try
            {
                Read(bytes, Cycle(reads.Get));
            }
            catch (ProtocolViolationException)
            {
                // As good an end as any.
            }
        }).QuickCheckThrowOnFailure();
    }

    [TestCaseSource(nameof(Violations))]
    public void Violations_end_with_their_code(byte[] bytes, int code)
    {
        var violation = Assert.Throws<ProtocolViolationException>(() => Read(bytes, () => 3));
        Assert.That(violation.CloseCode, Is.EqualTo(code));
    }

    [Test]
    public void A_message_of_exactly_the_limit_passes()
    {
        var payload = new byte[FrameReader.DefaultMaxMessageBytes];
        Assert.That(Read(ClientFrames.Encode(Opcode.Binary, payload), () => 8192), Has.Count.EqualTo(1));
    }

    private static IEnumerable<TestCaseData> Violations()
    {
        static TestCaseData Case(string name, int code, params byte[][] frames) =>
            new TestCaseData(frames.SelectMany(frame => frame).ToArray(), code).SetArgDisplayNames(name);

        static byte[] WithLength(ulong length)
        {
            var header = new byte[14];
            (header[0], header[1]) = (0x81, 0xFF);
            BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(2), length);
            return header;
        }

        byte[] half = [0xE2, 0x82];
        var large = new byte[FrameReader.DefaultMaxMessageBytes / 2 + 1];
        yield return Case("not masked", 1002, ClientFrames.Encode(Opcode.Text, "x"u8, isMasked: false));
        yield return Case("RSV1", 1002, ClientFrames.Encode(Opcode.Text, "x"u8, reservedBits: 0x40));
        yield return Case("RSV2", 1002, ClientFrames.Encode(Opcode.Text, "x"u8, reservedBits: 0x20));
        yield return Case("RSV3", 1002, ClientFrames.Encode(Opcode.Ping, "x"u8, reservedBits: 0x10));
        yield return Case("opcode 3", 1002, ClientFrames.Encode((Opcode)3, "x"u8));
        yield return Case("opcode 11", 1002, ClientFrames.Encode((Opcode)11, "x"u8));
        yield return Case("fragmented ping", 1002, ClientFrames.Encode(Opcode.Ping, "x"u8, isFinal: false));
        yield return Case("long ping", 1002, ClientFrames.Encode(Opcode.Ping, new byte[126]));
        yield return Case("continuation of nothing", 1002, ClientFrames.Encode(Opcode.Continuation, "x"u8));
        yield return Case("text inside a message", 1002, ClientFrames.Encode(Opcode.Text, "x"u8, isFinal: false), ClientFrames.Encode(Opcode.Text, "x"u8));
        yield return Case("length not shortest", 1002, WithLength(5));
        yield return Case("negative length", 1002, WithLength(ulong.MaxValue));
        yield return Case("huge length", 1009, WithLength(1UL << 40));
        yield return Case("65537 bytes", 1009, WithLength(65537));
        yield return Case(
            "large in two parts", 1009, ClientFrames.Encode(Opcode.Text, large, isFinal: false), ClientFrames.Encode(Opcode.Continuation, large));
        yield return Case("invalid UTF-8", 1007, ClientFrames.Encode(Opcode.Text, [0xC3, 0x28]));
        yield return Case("half a character", 1007, ClientFrames.Encode(Opcode.Text, half));
        yield return Case(
            "half a character, in fragments", 1007, ClientFrames.Encode(Opcode.Text, half, isFinal: false), ClientFrames.Encode(Opcode.Continuation, "x"u8));
        yield return Case("a surrogate", 1007, ClientFrames.Encode(Opcode.Text, [0xED, 0xA0, 0x80]));
    }

    private static List<(Opcode Opcode, string Payload)> Read(byte[] bytes, Func<int> readSize)
    {
        using var reader = new FrameReader(PipeReader.Create(new Trickle(bytes, readSize)));
        var frames = new List<(Opcode, string)>();
        while (Next(reader) is { } frame)
        {
            frames.Add((frame.Opcode, Convert.ToHexString(frame.Payload.Span)));
        }

        return frames;
    }

    // The stream below never waits.
    private static ClientFrame? Next(FrameReader reader)
    {
        ClientFrame frame;
        while (!reader.TryRead(out frame))
        {
            if (!reader.Take(reader.WaitAsync().AsTask().GetAwaiter().GetResult()))
            {
                return null;
            }
        }

        return frame;
    }

    private static Func<int> Cycle(byte[] values)
    {
        var i = 0;
        return () => values[i++ % values.Length] + 1;
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class Trickle(byte[] bytes, Func<int> size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size())], cancellationToken);
    }
}
