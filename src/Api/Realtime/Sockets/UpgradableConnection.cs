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
internal sealed class UpgradableConnection : IConnectionHeartbeatFeature
{
    private readonly ConnectionContext _connection;
    private readonly IConnectionHeartbeatFeature? _heartbeat;
    private readonly Socket _socket;
    private Func<Stream, Task>? _session;

    // The web server's, while it speaks HTTP: it holds the request.
    private (Action<object> Action, object State)? _beat;

    private UpgradableConnection(ConnectionContext connection, Socket socket)
    {
        _connection = connection;
        _socket = socket;
        _heartbeat = connection.Features.Get<IConnectionHeartbeatFeature>();
        var transport = new HttpTransport(connection.Transport, socket);
        Http = transport;
        connection.Transport = transport;
        connection.Features.Set(this);
        connection.Features.Set<IConnectionHeartbeatFeature>(this);
    }

    private HttpTransport Http { get; }

    /// <summary>Makes every plain connection of an endpoint one of these. Under TLS there is more than a socket: those stay with their requests.</summary>
    public static void Attach(IConnectionBuilder endpoint) => endpoint.Use(next => connection =>
        connection.Features.Get<IConnectionSocketFeature>() is { Socket: { } socket }
            ? new UpgradableConnection(connection, socket).RunAsync(next)
            : next(connection));

    /// <summary>
    /// What is written next is the handshake: it goes straight to the socket, as everything will, so that nothing can overtake it. (The client has
    /// waited for every answer before it: nothing else is on its way.)
    /// </summary>
    public SocketOutput BeginHandshake()
    {
        Http.BeginHandshake();
        return new SocketOutput(_socket);
    }

    /// <summary>Once the request has ended, <paramref name="session"/> has the connection to itself; when it completes, the connection is closed.</summary>
    /// <param name="session">Gets what the client sends. It should not know the request.</param>
    public void TakeOver(Func<Stream, Task> session) => _session = session;

    public void Abort() => _connection.Abort();

    public void OnHeartbeat(Action<object> action, object state)
    {
        _beat = (action, state);
        _heartbeat?.OnHeartbeat(static connection => ((UpgradableConnection)connection).Beat(), this);
    }

    private void Beat()
    {
        if (_beat is var (action, state))
        {
            action(state);
        }
    }

    private async Task RunAsync(ConnectionDelegate next)
    {
        await next(_connection);
        if (_session is { } session)
        {
            _beat = null;
            await session(Http.Original.Input.AsStream());
        }
    }

    /// <summary>The transport as HTTP sees it. From the handshake on, HTTP has no say in it any more.</summary>
    private sealed class HttpTransport(IDuplexPipe original, Socket socket) : IDuplexPipe
    {
        private readonly HttpOutput _output = new(original.Output, socket);
        private HttpInput? _input;

        public IDuplexPipe Original => original;

        public PipeReader Input => _input ??= new HttpInput(original.Input, _output);

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

    private sealed class HttpOutput(PipeWriter pipe, Socket socket) : PipeWriter
    {
        private byte[] _handshake = [];
        private int _length;

        public bool IsUpgraded { get; private set; }

        public override bool CanGetUnflushedBytes => pipe.CanGetUnflushedBytes;

        public override long UnflushedBytes => IsUpgraded ? _length : pipe.UnflushedBytes;

        public void BeginHandshake() => IsUpgraded = true;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (!IsUpgraded)
            {
                return pipe.GetMemory(sizeHint);
            }

            Array.Resize(ref _handshake, Math.Max(_handshake.Length, _length + Math.Max(sizeHint, 1 << 10)));
            return _handshake.AsMemory(_length);
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => IsUpgraded ? GetMemory(sizeHint).Span : pipe.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (IsUpgraded)
            {
                _length += bytes;
            }
            else
            {
                pipe.Advance(bytes);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            IsUpgraded ? SendAsync(cancellationToken) : pipe.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => pipe.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            if (!IsUpgraded)
            {
                pipe.Complete(exception);
            }
        }

        private async ValueTask<FlushResult> SendAsync(CancellationToken cancellationToken)
        {
            var handshake = _handshake.AsMemory(0, _length);
            (_handshake, _length) = ([], 0);
            try
            {
                if (!handshake.IsEmpty)
                {
                    await socket.SendAsync(handshake, SocketFlags.None, cancellationToken);
                }

                return default;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return new FlushResult(isCanceled: false, isCompleted: true);
            }
        }
    }
}
