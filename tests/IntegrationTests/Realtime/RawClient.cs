using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A client that sends and reads bytes as it likes.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public static readonly Dictionary<string, string> GoodHandshake = new()
    {
        ["Upgrade"] = "websocket",
        ["Connection"] = "Upgrade",
        ["Sec-WebSocket-Version"] = "13",
        ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ==",
    };

    /// <summary>Opens a connection and takes the greeting.</summary>
    public static async Task<RawClient> JoinAsync(Uri server, int? receiveBuffer = null)
    {
        var client = await ConnectAsync(server, receiveBuffer);
        var response = await client.RequestAsync("/ws", server.Authority, GoodHandshake);
        Assert.That(response, Does.StartWith("HTTP/1.1 101"));
        Assert.That((await client.ReadJsonAsync()).Type(), Is.EqualTo("connected"));
        return client;
    }

    public static async Task<RawClient> ConnectAsync(Uri server, int? receiveBuffer = null)
    {
        var client = new RawClient();
        client._socket.ReceiveBufferSize = receiveBuffer ?? client._socket.ReceiveBufferSize;
        await client._socket.ConnectAsync(IPAddress.Loopback, server.Port).WaitAsync(Probe.Deadline);
        return client;
    }

    /// <summary>Sends a request and returns the head of the response.</summary>
    public async Task<string> RequestAsync(string path, string host, IEnumerable<KeyValuePair<string, string>> headers, string method = "GET")
    {
        var lines = headers.Select(header => $"{header.Key}: {header.Value}\r\n");
        await SendAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{string.Concat(lines)}\r\n"));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadExactlyAsync(1))[0]);
        }

        return head.ToString();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, deadline.Token)..];
        }
    }

    public Task SendTextAsync(string text) => SendAsync(ClientFrames.Encode(Opcode.Text, Encoding.UTF8.GetBytes(text)));

    public async Task<(Opcode Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var header = await ReadExactlyAsync(2);
        long length = header[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadExactlyAsync(2)),
            127 => BinaryPrimitives.ReadInt64BigEndian(await ReadExactlyAsync(8)),
            var shortLength => shortLength,
        };
        Assert.That(header[0] & 0xF0, Is.EqualTo(0x80), "server frames are final, without reserved bits");
        return ((Opcode)(header[0] & 0x0F), await ReadExactlyAsync((int)length));
    }

    public async Task<JsonElement> ReadJsonAsync()
    {
        var (opcode, payload) = await ReadFrameAsync();
        Assert.That(opcode, Is.EqualTo(Opcode.Text));
        return JsonElement.Parse(payload);
    }

    /// <summary>Reads until the server's close frame, and returns its code and the frames before it.</summary>
    public async Task<(int Code, List<JsonElement> Before)> ReadCloseAsync()
    {
        var before = new List<JsonElement>();
        while (true)
        {
            var (opcode, payload) = await ReadFrameAsync();
            switch (opcode)
            {
                case Opcode.Close:
                    return (payload.Length == 0 ? CloseCodes.NoStatus : BinaryPrimitives.ReadUInt16BigEndian(payload), before);
                case Opcode.Text:
                    before.Add(JsonElement.Parse(payload));
                    break;
            }
        }
    }

    /// <summary>Whether the server has ended the connection, politely or not; what it sent before is passed over.</summary>
    public async Task<bool> IsEndedAsync()
    {
        var buffer = new byte[64 << 10];
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        try
        {
            while (await _socket.ReceiveAsync(buffer, deadline.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: ended as well.
        }

        return true;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReadExactlyAsync(int count)
    {
        var buffer = new byte[count];
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        for (var read = 0; read < count;)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(read), deadline.Token);
            read += received > 0 ? received : throw new EndOfStreamException("The server closed.");
        }

        return buffer;
    }
}
