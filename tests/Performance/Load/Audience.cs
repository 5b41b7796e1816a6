using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Load;

/// <summary>
/// WebSocket clients that watch one channel, read by one thread with as little work as the protocol allows: it must not be the
/// bottleneck. Every message carries a <see cref="Stamp"/>.
/// </summary>
internal sealed class Audience : IDisposable
{
    private const int PollMicroseconds = 100_000;

    private readonly List<Listener> _listeners = [];
    private readonly int[] _microseconds;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile Exception? _failure;
    private int _received;
    private int _outOfOrder;

    private Audience(int expected)
    {
        _microseconds = new int[expected];
        _thread = new Thread(Read) { IsBackground = true, Name = "audience" };
    }

    /// <summary>Messages received so far, over all clients; those numbered 0 are not counted.</summary>
    public int Received
    {
        get
        {
            var received = Volatile.Read(ref _received);
            return _failure is null ? received : throw new IOException($"A client failed: {_failure.Message}", _failure);
        }
    }

    /// <summary>Messages that came twice, or before their predecessor.</summary>
    public int OutOfOrder => Volatile.Read(ref _outOfOrder);

    /// <summary>Whether every client has received the message numbered 0.</summary>
    public bool IsPrimed => _listeners.TrueForAll(listener => listener.IsPrimed);

    /// <summary>Connects the clients and subscribes them.</summary>
    /// <param name="target">The server.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="size">How many clients.</param>
    /// <param name="expected">How many messages they will receive, all together.</param>
    public static async Task<Audience> GatherAsync(Target target, string channel, int size, int expected)
    {
        var audience = new Audience(expected);
        try
        {
            for (var i = 0; i < size; i++)
            {
                audience._listeners.Add(Listener.Connect(target, channel));
            }

            audience._thread.Start();
            await Probe.Until(
                () => audience.Received == 0 && audience._listeners.TrueForAll(listener => listener.IsSubscribed),
                "all clients are subscribed");
            return audience;
        }
        catch
        {
            audience.Dispose();
            throw;
        }
    }

    /// <summary>The latencies of all that was received, ascending.</summary>
    public int[] SortedMicroseconds()
    {
        var sorted = _microseconds[..Math.Min(Received, _microseconds.Length)];
        Array.Sort(sorted);
        return sorted;
    }

    public void Dispose()
    {
        _stopping = true;
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _listeners.ForEach(listener => listener.Dispose());
    }

    private void Read()
    {
        try
        {
            var readable = new List<Socket>(_listeners.Count);
            var bySocket = _listeners.ToDictionary(listener => listener.Socket);
            while (!_stopping)
            {
                readable.Clear();
                readable.AddRange(bySocket.Keys);
                Socket.Select(readable, null, null, PollMicroseconds);
                foreach (var socket in readable)
                {
                    bySocket[socket].Receive(this);
                }
            }
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private void Take(Stamp stamp, long now, ref long last)
    {
        if (stamp.Number <= last)
        {
            Interlocked.Increment(ref _outOfOrder);
            return;
        }

        last = stamp.Number;
        if (_received < _microseconds.Length)
        {
            _microseconds[_received] = (int)Stopwatch.GetElapsedTime(stamp.SentAt, now).TotalMicroseconds;
        }

        Volatile.Write(ref _received, _received + 1);
    }

    /// <summary>One client.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _fragments = new();
        private byte[] _buffer = new byte[64 << 10];
        private int _length;
        private long _last;
        private volatile bool _isSubscribed;
        private volatile bool _isPrimed;

        private Listener(Socket socket) => Socket = socket;

        public Socket Socket { get; }

        public bool IsSubscribed => _isSubscribed;

        public bool IsPrimed => _isPrimed;

        public static Listener Connect(Target target, string channel)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var listener = new Listener(socket);
            try
            {
                socket.ReceiveTimeout = (int)Probe.Deadline.TotalMilliseconds;
                socket.Connect(IPAddress.Loopback, target.Server.Address.Port);
                socket.Send(WebSocketWire.Handshake(target.Server.Address, target.Path));
                listener.ReadHandshake();
                foreach (var frame in target.Subscribe(channel))
                {
                    socket.Send(WebSocketWire.Text(frame));
                }

                return listener;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        /// <summary>Reads once, and takes every whole frame of what is there.</summary>
        public void Receive(Audience audience)
        {
            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var received = Socket.Receive(_buffer.AsSpan(_length));
            var now = Stopwatch.GetTimestamp();
            if (received == 0)
            {
                throw new IOException("the server closed the connection");
            }

            _length += received;
            TakeFrames(audience, now);
        }

        public void Dispose() => Socket.Dispose();

        private void TakeFrames(Audience audience, long now)
        {
            var rest = _buffer.AsSpan(0, _length);
            while (WebSocketWire.TryReadFrame(rest, out var opcode, out var payload, out var isFinal, out var size))
            {
                TakeFrame(opcode, payload, isFinal, audience, now);
                rest = rest[size..];
            }

            rest.CopyTo(_buffer);
            _length = rest.Length;
        }

        private void TakeFrame(int opcode, ReadOnlySpan<byte> payload, bool isFinal, Audience audience, long now)
        {
            switch (opcode)
            {
                case WebSocketWire.OpcodePing:
                    Socket.Send(WebSocketWire.Pong(payload));
                    break;
                case WebSocketWire.OpcodeClose:
                    throw new IOException("the server ended the connection");
                default:
                    TakeFragment(payload, isFinal, audience, now);
                    break;
            }
        }

        /// <summary>Some servers cut what they send where their buffers end.</summary>
        private void TakeFragment(ReadOnlySpan<byte> payload, bool isFinal, Audience audience, long now)
        {
            if (isFinal && _fragments.WrittenCount == 0)
            {
                TakeMessages(payload, audience, now);
                return;
            }

            _fragments.Write(payload);
            if (isFinal)
            {
                TakeMessages(_fragments.WrittenSpan, audience, now);
                _fragments.ResetWrittenCount();
            }
        }

        private void TakeMessages(ReadOnlySpan<byte> payload, Audience audience, long now)
        {
            if (!_isSubscribed)
            {
                _isSubscribed = payload.IndexOf("\"subscribed\""u8) >= 0;
            }

            for (; Stamp.TryRead(payload, out var stamp, out var end); payload = payload[end..])
            {
                if (stamp.Number == 0)
                {
                    _isPrimed = true;
                }
                else
                {
                    audience.Take(stamp, now, ref _last);
                }
            }
        }

        /// <summary>What follows the head is left in the buffer for <see cref="Receive"/>: frames may come with it.</summary>
        private void ReadHandshake()
        {
            int end;
            while ((end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0)
            {
                var received = Socket.Receive(_buffer.AsSpan(_length));
                _length += received;
                if (received == 0)
                {
                    break;
                }
            }

            if (end < 0 || !_buffer.AsSpan(0, end).StartsWith("HTTP/1.1 101"u8))
            {
                throw new IOException($"the upgrade was refused: {Encoding.ASCII.GetString(_buffer, 0, Math.Min(_length, 100))}");
            }

            var rest = _buffer.AsSpan(end + 4, _length - end - 4);
            rest.CopyTo(_buffer);
            _length = rest.Length;
        }
    }
}
