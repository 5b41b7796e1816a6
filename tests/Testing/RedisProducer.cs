using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrooteDashboard.Testing;

/// <summary>
/// Sends commands to Redis by pipeline over one blocking socket: cheaper than a client library, so that the load costs the measured
/// server as little of the machine as possible.
/// </summary>
public sealed class RedisProducer : IDisposable
{
    /// <summary>Replies that may be outstanding before more is sent.</summary>
    private const int Window = 1_000;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _replies = new byte[64 << 10];
    private byte[] _commands = new byte[256 << 10];
    private int _length;
    private int _repliesLength;
    private int _unsent;
    private int _outstanding;

    /// <summary>Connects to the Redis on this port of the loopback interface.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="patience">How long a reply may take; without it, for ever.</param>
    public RedisProducer(int port, TimeSpan? patience = null)
    {
        try
        {
            _socket.ReceiveTimeout = (int)(patience?.TotalMilliseconds ?? 0);
            _socket.Connect(IPAddress.Loopback, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Adds a command to what <see cref="Send"/> sends.</summary>
    public void Add(params ReadOnlySpan<string> words)
    {
        Write('*', words.Length);
        foreach (var word in words)
        {
            Write('$', Encoding.UTF8.GetByteCount(word));
            Reserve(Encoding.UTF8.GetMaxByteCount(word.Length) + 2);
            _length += Encoding.UTF8.GetBytes(word, _commands.AsSpan(_length));
            EndLine();
        }

        _unsent++;
    }

    /// <summary>Sends what was added; waits for replies only when too many are outstanding.</summary>
    public void Send()
    {
        _socket.Send(_commands.AsSpan(0, _length));
        _outstanding += _unsent;
        (_length, _unsent) = (0, 0);
        AwaitReplies(Window);
    }

    /// <summary>Waits for the replies to all that was sent.</summary>
    public void Complete() => AwaitReplies(0);

    public void Dispose() => _socket.Dispose();

    private void AwaitReplies(int atMost)
    {
        while (_outstanding > atMost)
        {
            var received = _socket.Receive(_replies.AsSpan(_repliesLength));
            if (received == 0)
            {
                throw new IOException("Redis closed the producer's connection.");
            }

            _repliesLength += received;
            TakeReplies();
        }
    }

    private void TakeReplies()
    {
        var rest = _replies.AsSpan(0, _repliesLength);
        for (int end; (end = rest.IndexOf((byte)'\n')) >= 0;)
        {
            var size = end + 1;
            if (rest[0] == '-')
            {
                throw new InvalidOperationException($"Redis refused a command: {Encoding.UTF8.GetString(rest[1..end]).TrimEnd()}");
            }

            if (rest[0] == '$' && Utf8Parser.TryParse(rest[1..end], out int text, out _))
            {
                size += text + 2;
            }

            if (rest.Length < size)
            {
                break;
            }

            rest = rest[size..];
            _outstanding--;
        }

        rest.CopyTo(_replies);
        _repliesLength = rest.Length;
    }

    private void Write(char type, int number)
    {
        Reserve(16);
        _commands[_length++] = (byte)type;
        Utf8Formatter.TryFormat(number, _commands.AsSpan(_length), out var written);
        _length += written;
        EndLine();
    }

    private void EndLine()
    {
        _commands[_length++] = (byte)'\r';
        _commands[_length++] = (byte)'\n';
    }

    private void Reserve(int size)
    {
        if (_commands.Length - _length < size)
        {
            Array.Resize(ref _commands, Math.Max(_commands.Length * 2, _length + size));
        }
    }
}
