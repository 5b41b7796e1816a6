using System.Net;
using System.Net.Sockets;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Load;

/// <summary>
/// Many WebSocket clients that subscribe and then do nothing but answer pings; or not even that. They come from several loopback
/// addresses, for one has not enough ports.
/// </summary>
internal sealed class IdleCrowd : IDisposable
{
    private const int ConnectionsPerAddress = 5_000;
    private const int ConnectingAtOnce = 50;
    private const int BufferSize = 1_024;

    /// <summary>A client that does not read has no more than this of the kernel's memory to fill first, or little more.</summary>
    private const int SmallReceiveBuffer = 4_096;

    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _leaving = new();
    private readonly Lock _gate = new();
    private int _ended;

    public int Count => _sockets.Count;

    /// <summary>Connections that the server ended.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>Adds clients until there are so many; returns when all are subscribed.</summary>
    /// <param name="target">The server.</param>
    /// <param name="channels">The channel of each, in turns.</param>
    /// <param name="count">How many there will be.</param>
    /// <param name="isReading">False for clients that stop reading as soon as they are subscribed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task GrowAsync(Target target, string[] channels, int count, bool isReading, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(Count, count - Count),
            new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                var socket = await ConnectAsync(target, channels[number % channels.Length], number, isReading, token);
                lock (_gate)
                {
                    _sockets.Add(socket);
                }
            });
    }

    public void Dispose()
    {
        _leaving.Cancel();
        foreach (var socket in _sockets)
        {
            // Reset: no port waits for what could still come.
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();
        }

        _leaving.Dispose();
    }

    private async Task<Socket> ConnectAsync(Target target, string channel, int number, bool isReading, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Probe.Deadline);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (!isReading)
            {
                socket.ReceiveBufferSize = SmallReceiveBuffer;
            }

            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (number / ConnectionsPerAddress))]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, target.Server.Address.Port, deadline.Token);
            await socket.SendAsync(WebSocketWire.Handshake(target.Server.Address, target.Path), deadline.Token);
            foreach (var frame in target.Subscribe(channel))
            {
                await socket.SendAsync(WebSocketWire.Text(frame), deadline.Token);
            }

            var (buffer, length) = (new byte[BufferSize], 0);
            while (buffer.AsSpan(0, length).IndexOf("\"subscribed\""u8) < 0)
            {
                var received = length == buffer.Length ? 0 : await socket.ReceiveAsync(buffer.AsMemory(length), deadline.Token);
                length += received > 0 ? received : throw new IOException($"Connection {number} was not subscribed.");
            }

            if (isReading)
            {
                _ = AnswerAsync(socket, buffer);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Nothing is published for them, so that what comes is a ping, whole and by itself, or one of a peer's own making.</summary>
    private async Task AnswerAsync(Socket socket, byte[] buffer)
    {
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), _leaving.Token) is var received and > 0)
            {
                if (WebSocketWire.TryReadFrame(buffer.AsSpan(0, received), out var opcode, out var payload, out _, out _) && opcode == WebSocketWire.OpcodePing)
                {
                    socket.Send(WebSocketWire.Pong(payload));
                }
            }

            Interlocked.Increment(ref _ended);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            if (!_leaving.IsCancellationRequested)
            {
                Interlocked.Increment(ref _ended);
            }
        }
    }
}
