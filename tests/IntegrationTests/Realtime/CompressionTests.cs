using System.IO.Compression;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using FsCheck;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>permessage-deflate (RFC 7692), with the framework's own WebSocket as the peer.</summary>
internal sealed class CompressionTests
{
    private const string Accepted = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    private static readonly WebSocketDeflateOptions WithoutContext = new() { ClientContextTakeover = false, ServerContextTakeover = false };

    [TestCase("permessage-deflate", Accepted)]
    [TestCase("permessage-deflate; client_max_window_bits", Accepted)]
    [TestCase("permessage-deflate; client_max_window_bits=8", Accepted)]
    [TestCase("permessage-deflate;client_max_window_bits=\"12\" ; server_no_context_takeover;client_no_context_takeover", Accepted)]
    [TestCase("permessage-deflate; server_max_window_bits=15", Accepted + "; server_max_window_bits=15")]
    [TestCase("permessage-deflate; server_max_window_bits=10, permessage-deflate", Accepted)]
    [TestCase("x-webkit-deflate-frame, permessage-deflate", Accepted)]
    [TestCase("", null)]
    [TestCase("deflate", null)]
    [TestCase("permessage-deflate; server_max_window_bits=10", null)]
    [TestCase("permessage-deflate; server_max_window_bits", null)]
    [TestCase("permessage-deflate; server_max_window_bits=16", null)]
    [TestCase("permessage-deflate; client_max_window_bits=7", null)]
    [TestCase("permessage-deflate; client_max_window_bits=08", null)]
    [TestCase("permessage-deflate; client_max_window_bits=", null)]
    [TestCase("permessage-deflate; server_no_context_takeover=1", null)]
    [TestCase("permessage-deflate; server_no_context_takeover; server_no_context_takeover", null)]
    [TestCase("permessage-deflate; anything", null)]
    [TestCase("permessage-deflate;", null)]
    public void An_offer_is_answered_with_what_can_be_met(string offer, string? expected) =>
        Assert.That(PerMessageDeflate.Negotiate(offer), Is.EqualTo(expected));

    [TestCase(true, Accepted)]
    [TestCase(false, null)]
    public async Task It_is_agreed_on_only_where_it_is_configured(bool isConfigured, string? expected)
    {
        await using var host = await HubHost.StartAsync(new { Compression = isConfigured });
        using var client = await RawClient.ConnectAsync(host.Address);
        var response = await client.RequestAsync(
            "/ws", host.Address.Authority, [.. RawClient.GoodHandshake, new("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]);
        Assert.That(response, expected is null ? Does.Not.Contain("Extensions") : Does.Contain($"Sec-WebSocket-Extensions: {expected}\r\n"));
    }

    [Test]
    public async Task A_client_of_the_framework_that_compresses_is_understood_and_understands()
    {
        await using var host = await HubHost.StartAsync(new { Compression = true });
        await using var client = await WsClient.ConnectAsync(host.Address, "/ws", options => options.DangerousDeflateOptions = new WebSocketDeflateOptions());
        await client.ReceiveAsync("connected");
        for (var i = 0; i < 3; i++)
        {
            await client.SubscribeAsync($"task:{new string('a', 200)}{i}");
        }

        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
        host.PublishOutput(new string('a', 200) + "0", new string('x', 10_000));
        Assert.That((await client.ReceiveAsync("task_output")).Text("output"), Has.Length.EqualTo(10_000));
    }

    [TestCase(false, CloseCodes.MessageTooBig)]
    [TestCase(true, CloseCodes.InvalidPayload)]
    public async Task What_inflates_to_too_much_or_not_at_all_ends_the_connection(bool isGarbage, int expected)
    {
        await using var host = await HubHost.StartAsync(new { Compression = true });
        using var client = await RawClient.ConnectAsync(host.Address);
        await client.RequestAsync("/ws", host.Address.Authority, [.. RawClient.GoodHandshake, new("Sec-WebSocket-Extensions", "permessage-deflate")]);
        await client.SendAsync(ClientFrames.Encode(Opcode.Text, isGarbage ? [0xFF, 0xFF] : Deflate(new byte[50_000_000]), reservedBits: 0x40));
        Assert.That((await client.ReadCloseAsync()).Code, Is.EqualTo(expected));
    }

    /// <summary>Section 7.2.3 of the RFC.</summary>
    [TestCase("F248CDC9C90700", "Hello", TestName = "One block")]
    [TestCase("000500FAFF48656C6C6F00", "Hello", TestName = "A block without compression")]
    [TestCase("F348CDC9C9070000", "Hello", TestName = "A last block")]
    [TestCase("F24805000000FFFFCAC9C90700", "Hello", TestName = "Two blocks")]
    [TestCase("00", "", TestName = "Nothing")]
    public void The_examples_of_the_RFC_are_read(string payload, string expected)
    {
        var bytes = Convert.FromHexString(payload);
        var half = bytes.Length / 2;
        byte[][] ways =
        [
            ClientFrames.Encode(Opcode.Text, bytes, reservedBits: 0x40),
            [
                .. ClientFrames.Encode(Opcode.Text, bytes.AsSpan(0, half), isFinal: false, reservedBits: 0x40),
                .. ClientFrames.Encode(Opcode.Ping, []),
                .. ClientFrames.Encode(Opcode.Continuation, bytes.AsSpan(half)),
            ],
        ];
        foreach (var way in ways)
        {
            Assert.That(Read(way), Is.EqualTo([expected]));
        }
    }

    [Test]
    public void What_the_framework_compresses_is_read_however_it_is_fragmented()
    {
        Prop.ForAll<NonEmptyArray<NonNull<string>>, PositiveInt>((texts, size) =>
        {
            var messages = texts.Get.Select((text, i) => string.Concat(Enumerable.Repeat(text.Get, 1 + (i * 50)))).Select(UpToTheLimit).Select(WithoutHalves).ToList();
            using var sent = new MemoryStream();
            using var socket = WebSocket.CreateFromStream(sent, new WebSocketCreationOptions { DangerousDeflateOptions = WithoutContext });
            foreach (var message in messages)
            {
                var bytes = Encoding.UTF8.GetBytes(message).AsMemory();
                // More than some thousand fragments are refused.
                var part = Math.Max(size.Get, bytes.Length / 1_000);
                while (bytes.Length > part)
                {
                    Send(socket, bytes[..part], isLast: false);
                    bytes = bytes[part..];
                }

                Send(socket, bytes, isLast: true);
            }

            Assert.That(Read(sent.ToArray()), Is.EqualTo(messages));
        }).QuickCheckThrowOnFailure();

        // Three bytes for a character at most.
        static string UpToTheLimit(string text) => text[..Math.Min(text.Length, FrameReader.DefaultMaxMessageBytes / 3)];

        static void Send(WebSocket socket, ReadOnlyMemory<byte> bytes, bool isLast) =>
            socket.SendAsync(bytes, WebSocketMessageType.Text, isLast, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>One frame after the other, each without regard to those before: it is shared by connections with different pasts.</summary>
    [Test]
    public async Task What_is_compressed_here_is_read_by_the_framework()
    {
        string[] messages = ["{}", new string('x', 100), new string('x', 100), Lines(3), Lines(4_000), Lines(3), "ж" + new string('ж', 70_000)];
        var frames = messages.Select(message => FrameEncoder.Deflate(FrameEncoder.Text(Encoding.UTF8.GetBytes(message)))).ToList();
        using var peer = WebSocket.CreateFromStream(
            new MemoryStream([.. frames.SelectMany(frame => frame)]), new WebSocketCreationOptions { DangerousDeflateOptions = WithoutContext });
        foreach (var message in messages)
        {
            Assert.That(await ReceiveAsync(peer), Is.EqualTo(message));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(frames[0], Is.EqualTo(FrameEncoder.Text("{}"u8)), "nothing to gain");
            Assert.That(frames[1][0], Is.EqualTo(0xC1), "final, RSV1, text");
            Assert.That(frames[2], Is.EqualTo(frames[1]), "the same whatever was said before");
            Assert.That(frames[4], Has.Length.LessThan(messages[4].Length / 3));
            Assert.That(FrameEncoder.Deflate(FrameEncoder.Pong("payload payload payload payload payload"u8)), Is.EqualTo(FrameEncoder.Pong("payload payload payload payload payload"u8)));
            Assert.That(FrameEncoder.Deflate(FrameEncoder.Close(1001, "going away")), Is.EqualTo(FrameEncoder.Close(1001, "going away")));
        }

        static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"type":"task_output","offset":{{i}}}"""));
    }

    [TestCaseSource(nameof(Violations))]
    public void Violations_end_with_their_code(byte[] bytes, int code) =>
        Assert.That(Assert.Throws<ProtocolViolationException>(() => Read(bytes))?.CloseCode, Is.EqualTo(code));

    [Test]
    public void A_message_of_exactly_the_limit_passes() =>
        Assert.That(
            Read(ClientFrames.Encode(Opcode.Text, Deflate(Letters(FrameReader.DefaultMaxMessageBytes)), reservedBits: 0x40)).Single(),
            Has.Length.EqualTo(FrameReader.DefaultMaxMessageBytes));

    [Test]
    public void Whatever_the_bytes_are_it_ends_with_a_message_or_a_violation()
    {
        Prop.ForAll<byte[]>(bytes =>
        {
            try
            {
                Assert.That(Read(ClientFrames.Encode(Opcode.Binary, bytes, reservedBits: 0x40)), Has.Count.EqualTo(1));
            }
            catch (ProtocolViolationException violation)
            {
                Assert.That(violation.CloseCode, Is.EqualTo(CloseCodes.InvalidPayload).Or.EqualTo(CloseCodes.MessageTooBig));
            }
        }).QuickCheckThrowOnFailure();
    }

    private static IEnumerable<TestCaseData> Violations()
    {
        static TestCaseData Case(string name, int code, params byte[][] frames) =>
            new TestCaseData(frames.SelectMany(frame => frame).ToArray(), code).SetArgDisplayNames(name);

        yield return Case("RSV2", 1002, ClientFrames.Encode(Opcode.Text, "x"u8, reservedBits: 0x20));
        yield return Case("RSV1 on a ping", 1002, ClientFrames.Encode(Opcode.Ping, "x"u8, reservedBits: 0x40));
        yield return Case(
            "RSV1 on a continuation",
            1002,
            ClientFrames.Encode(Opcode.Text, Deflate("x"u8.ToArray()), isFinal: false, reservedBits: 0x40),
            ClientFrames.Encode(Opcode.Continuation, [], reservedBits: 0x40));
        yield return Case("no data at all", 1007, ClientFrames.Encode(Opcode.Text, [], reservedBits: 0x40));
        yield return Case("garbage", 1007, ClientFrames.Encode(Opcode.Text, [0xFF, 0xFE, 0xFD], reservedBits: 0x40));
        yield return Case("invalid UTF-8", 1007, ClientFrames.Encode(Opcode.Text, Deflate([0xC3, 0x28]), reservedBits: 0x40));
        yield return Case("one byte too many", 1009, ClientFrames.Encode(Opcode.Text, Deflate(Letters(FrameReader.DefaultMaxMessageBytes + 1)), reservedBits: 0x40));
        yield return Case("a bomb", 1009, ClientFrames.Encode(Opcode.Binary, Deflate(new byte[30_000_000]), reservedBits: 0x40));
        yield return Case(
            "a bomb in fragments",
            1009,
            ClientFrames.Encode(Opcode.Binary, Deflate(new byte[30_000_000]), isFinal: false, reservedBits: 0x40),
            ClientFrames.Encode(Opcode.Continuation, []));
    }

    private static byte[] Letters(int count) => [.. Enumerable.Repeat((byte)'x', count)];

    /// <summary>As a peer would, not with the code under test.</summary>
    private static byte[] Deflate(byte[] message)
    {
        using var deflated = new MemoryStream();
        using var deflater = new DeflateStream(deflated, CompressionLevel.SmallestSize);
        deflater.Write(message);
        deflater.Flush();
        return deflated.ToArray()[..^4];
    }

    private static string WithoutHalves(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    /// <summary>The messages; control frames are passed over.</summary>
    private static List<string> Read(byte[] bytes)
    {
        using var reader = new FrameReader(PipeReader.Create(new MemoryStream(bytes))) { IsCompressed = true };
        var messages = new List<string>();
        do
        {
            while (reader.TryRead(out var frame))
            {
                if (frame.Opcode is Opcode.Text or Opcode.Binary)
                {
                    messages.Add(Encoding.UTF8.GetString(frame.Payload.Span));
                }
            }
        }
        while (reader.Take(reader.WaitAsync().AsTask().GetAwaiter().GetResult()));

        return messages;
    }
}
