using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// A TCP connection that can leave HTTP behind. Its WebSocket handshake is an ordinary request, through everything that requests pass; then the
/// request ends, and what speaks WebSocket takes the connection over. An idle WebSocket costs no request that waits for its end: that is two
/// thirds of the memory.
/// </summary>
internal sealed class UpgradableConnection : ITransport, IConnectionHeartbeatFeature
{
    private readonly ConnectionContext _connection;
    private readonly IDuplexPipe _transport;
    private readonly HttpHeartbeat _heartbeat;
    private Func<Task>? _session;

    private UpgradableConnection(ConnectionContext connection, Socket socket, HttpHeartbeat heartbeat)
    {
        _connection = connection;
        _transport = connection.Transport;
        Socket = socket;
        _heartbeat = heartbeat;
        connection.Features.Set<IConnectionHeartbeatFeature>(this);
        connection.Transport = new HttpTransport(this);
    }

    public PipeReader Input => _transport.Input;

    public Socket Socket { get; }

    /// <summary>Makes every connection of an endpoint one of these.</summary>
    public static void Attach(IConnectionBuilder endpoint, HttpHeartbeat heartbeat) => endpoint.Use(next => connection =>
        connection.Features.Get<IConnectionSocketFeature>() is { Socket: { } socket }
            ? new UpgradableConnection(connection, socket, heartbeat).RunAsync(next)
            : next(connection));

    /// <summary>The connection of a request; null under TLS, where there is more than a socket below: such a connection stays with its request.</summary>
    public static UpgradableConnection? Of(HttpContext context) =>
        (context.Features.Get<IConnectionTransportFeature>()?.Transport as HttpTransport)?.Connection;

    /// <summary>
    /// What is written next is the handshake: it goes straight to the socket, as everything will, so that nothing can overtake it. (The client has
    /// waited for every answer before it: nothing else is on its way.)
    /// </summary>
    public void BeginHandshake()
    {
        // Calls that do not wait return at once then. Those that do wait, the server's own reads among them, never blocked a thread.
        Socket.Blocking = false;
        ((HttpTransport)_connection.Transport).BeginHandshake();
    }

    /// <summary>Once the request has ended, <paramref name="session"/> has the connection to itself; when it completes, the connection is closed.</summary>
    /// <param name="session">It should not know the request.</param>
    public void TakeOver(Func<Task> session) => _session = session;

    /// <summary>Straight to the socket: one system call for a write, no copy, and no thread that is woken up for it.</summary>
    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        var sent = Socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable => 0,
            _ => throw new SocketException((int)error),
        };
    }

    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => Socket.SendAsync(bytes, SocketFlags.None);

    public void Abort() => _connection.Abort();

    public void OnHeartbeat(Action<object> action, object state) => _heartbeat.Add(this, () => action(state));

    private async Task RunAsync(ConnectionDelegate next)
    {
        try
        {
            await next(_connection);
        }
        finally
        {
            // It holds the request.
            _heartbeat.Remove(this);
        }

        if (_session is { } session)
        {
            // What HTTP needed is not kept for the hours that follow.
            _session = null;
            _connection.Transport = _transport;
            await session();
        }
    }

    /// <summary>The transport as HTTP sees it. From the handshake on, HTTP has no say in it any more.</summary>
    private sealed class HttpTransport : IDuplexPipe
    {
        private readonly HttpOutput _output;

        public HttpTransport(UpgradableConnection connection)
        {
            Connection = connection;
            _output = new HttpOutput(connection);
            Input = new HttpInput(connection._transport.Input, _output);
        }

        public UpgradableConnection Connection { get; }

        public PipeReader Input { get; }

        public PipeWriter Output => _output;

        public void BeginHandshake() => _output.BeginHandshake();
    }

    private sealed class HttpInput(PipeReader pipe, HttpOutput output) : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed) => pipe.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => pipe.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => pipe.CancelPendingRead();

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => pipe.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => pipe.TryRead(out result);

        public override void Complete(Exception? exception = null)
        {
            if (!output.IsUpgraded)
            {
                pipe.Complete(exception);
            }
        }
    }

    private sealed class HttpOutput(UpgradableConnection connection) : PipeWriter
    {
        private readonly PipeWriter _pipe = connection._transport.Output;
        private readonly ArrayBufferWriter<byte> _handshake = new();

        public bool IsUpgraded { get; private set; }

        public override bool CanGetUnflushedBytes => _pipe.CanGetUnflushedBytes;

        public override long UnflushedBytes => IsUpgraded ? _handshake.WrittenCount : _pipe.UnflushedBytes;

        public void BeginHandshake() => IsUpgraded = true;

        public override Memory<byte> GetMemory(int sizeHint = 0) => IsUpgraded ? _handshake.GetMemory(sizeHint) : _pipe.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => IsUpgraded ? _handshake.GetSpan(sizeHint) : _pipe.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (IsUpgraded)
            {
                _handshake.Advance(bytes);
            }
            else
            {
                _pipe.Advance(bytes);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            IsUpgraded ? SendAsync() : _pipe.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => _pipe.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            if (!IsUpgraded)
            {
                _pipe.Complete(exception);
            }
        }

        private async ValueTask<FlushResult> SendAsync()
        {
            var handshake = _handshake.WrittenMemory;
            try
            {
                while (!handshake.IsEmpty)
                {
                    var sent = connection.TryWrite(handshake.Span);
                    handshake = handshake[(sent > 0 ? sent : await connection.WriteAsync(handshake))..];
                }

                _handshake.ResetWrittenCount();
                return default;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return new FlushResult(isCanceled: false, isCompleted: true);
            }
        }
    }
}
