using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GrooteDashboard.Testing.Checking;

/// <summary>How a connection is cut.</summary>
internal enum Cut
{
    /// <summary>Reset, with whatever was on its way.</summary>
    Reset,

    /// <summary>The client goes away in the middle of a frame that it sends.</summary>
    WhileSending,

    /// <summary>The client goes away when it has received a part of a frame.</summary>
    WhileReceiving,
}

/// <summary>
/// A client as docs/protocol/websocket.md describes it: it watches some channels, and when its connection ends it comes back at another
/// instance with what it has.
/// </summary>
internal sealed class WatchingClient(int number, Cluster cluster, IReadOnlyList<ChannelRecord> channels, Findings findings, int seed)
{
    private const int PartOfAFrame = 60;
    private const int FirstRejected = 4_400;
    private const int LastRejected = 4_499;

    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(5);

    private readonly Random _random = new(HashCode.Combine(seed, number));
    private readonly Dictionary<string, ChannelRecord> _byName = channels.ToDictionary(channel => channel.Channel, StringComparer.Ordinal);
    private readonly HashSet<string> _retry = [];
    private byte[] _buffer = new byte[16 << 10];
    private int _length;
    private volatile Socket? _socket;
    private volatile bool _cutWhileReceiving;

    public string Name => $"client {number}";

    public IReadOnlyList<ChannelRecord> Channels => channels;

    public bool IsConnected => _socket is not null;

    public int Connections { get; private set; }

    /// <summary>Unsuccessful attempts to connect.</summary>
    public int Refused { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var instance = _random.Next(cluster.Instances.Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await ConnectAsync(socket, cluster.Instances[instance].Address, cancellationToken);
                findings.Trace(Name, "connected", $"instance {instance}");
                Connections++;
                _socket = socket;
                await ServeAsync(socket, cancellationToken);
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                Refused += _socket is null ? 1 : 0;
                findings.Trace(Name, _socket is null ? "refused" : "disconnected", $"instance {instance}: {e.Message}");
            }

            (_socket, _cutWhileReceiving, _length) = (null, false, 0);
            foreach (var channel in channels)
            {
                channel.Disconnected();
            }

            // The spread that clients are asked for, on a small scale.
            await Task.Delay(_random.Next(20, 500), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Ends the connection, where there is one.</summary>
    public bool TryCut(Cut cut)
    {
        if (_socket is not { } socket)
        {
            return false;
        }

        findings.Trace(Name, "cut", cut.ToString());
        try
        {
            switch (cut)
            {
                case Cut.WhileReceiving:
                    _cutWhileReceiving = true;
                    return true;
                case Cut.WhileSending:
                    socket.Send(WebSocketWire.Text("""{"type":"ping"}""").AsSpan(0, 9));
                    break;
                default:
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                    break;
            }

            socket.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }

        return true;
    }

    private async Task ConnectAsync(Socket socket, Uri server, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ConnectDeadline);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, deadline.Token);
        await socket.SendAsync(WebSocketWire.Handshake(server, "/ws"), deadline.Token);
        int end;
        while ((end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await ReceiveAsync(socket, _buffer.Length, deadline.Token);
        }

        if (!_buffer.AsSpan(0, end).StartsWith("HTTP/1.1 101"u8))
        {
            throw new IOException(Encoding.ASCII.GetString(_buffer, 0, _buffer.AsSpan(0, end).IndexOf((byte)'\r')));
        }

        Consume(end + 4);
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        await SubscribeAsync(socket, channels, cancellationToken);
        while (true)
        {
            TakeFrames(socket);
            if (_retry.Count > 0)
            {
                var again = channels.Where(channel => _retry.Contains(channel.Channel)).ToList();
                _retry.Clear();
                await Task.Delay(_random.Next(100, 500), cancellationToken);
                await SubscribeAsync(socket, again, cancellationToken);
            }

            var isLast = _cutWhileReceiving;
            await ReceiveAsync(socket, isLast ? PartOfAFrame : _buffer.Length, cancellationToken);
            if (isLast)
            {
                return;
            }
        }
    }

    private static async Task SubscribeAsync(Socket socket, IReadOnlyList<ChannelRecord> channels, CancellationToken cancellationToken)
    {
        var wanted = channels.Select(channel => channel.Epoch is { } epoch
            ? new JsonObject { ["channel"] = channel.Channel, ["since"] = new JsonObject { ["epoch"] = epoch, ["offset"] = channel.Offset } }
            : new JsonObject { ["channel"] = channel.Channel });
        var frame = new JsonObject { ["type"] = "subscribe", ["channels"] = new JsonArray([.. wanted]) };
        await socket.SendAsync(WebSocketWire.Text(frame.ToJsonString()), cancellationToken);
    }

    private async Task ReceiveAsync(Socket socket, int atMost, CancellationToken cancellationToken)
    {
        if (_length == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var received = await socket.ReceiveAsync(_buffer.AsMemory(_length, Math.Min(atMost, _buffer.Length - _length)), cancellationToken);
        _length += received > 0 ? received : throw new IOException("ended by the server");
    }

    private void TakeFrames(Socket socket)
    {
        var taken = 0;
        while (WebSocketWire.TryReadFrame(_buffer.AsSpan(taken, _length - taken), out var opcode, out var payload, out _, out var size))
        {
            taken += size;
            switch (opcode)
            {
                case WebSocketWire.OpcodeText:
                    TakeText(payload);
                    break;
                case WebSocketWire.OpcodePing:
                    socket.Send(WebSocketWire.Pong(payload));
                    break;
                case WebSocketWire.OpcodeClose:
                    TakeClose(payload);
                    break;
            }
        }

        Consume(taken);
    }

    private void TakeText(ReadOnlySpan<byte> payload)
    {
        var frame = JsonElement.Parse(payload);
        var type = frame.Type();
        if (type is "connected" or "pong" or "draining" or "system")
        {
            return;
        }

        var channel = frame.Text("channel");
        if (channel is null || !_byName.TryGetValue(channel, out var record))
        {
            findings.Add(FindingKind.Protocol, Name, $"unexpected frame: {frame.GetRawText()}");
            return;
        }

        switch (type)
        {
            case "error" when frame.Text("code") == "unavailable":
                findings.Trace(record.Where, "unavailable", "");
                _retry.Add(channel);
                break;
            case "subscribed" or "gap":
                findings.Trace(record.Where, type, frame.GetRawText());
                record.Take(frame);
                break;
            default:
                record.Take(frame);
                break;
        }
    }

    private void TakeClose(ReadOnlySpan<byte> payload)
    {
        var code = payload.Length < 2 ? 0 : (payload[0] << 8) | payload[1];
        if (code is (>= FirstRejected and <= LastRejected) or 1002 or 1007 or 1009)
        {
            findings.Add(FindingKind.Protocol, Name, $"closed with {code}");
        }

        throw new IOException($"closed with {code}");
    }

    private void Consume(int bytes)
    {
        _buffer.AsSpan(bytes, _length - bytes).CopyTo(_buffer);
        _length -= bytes;
    }
}
