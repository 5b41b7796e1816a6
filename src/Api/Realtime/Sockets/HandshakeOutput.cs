using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// A connection's way out as the web server sees it: the transport's pipe, until the connection becomes a WebSocket. From its handshake on
/// everything goes to the socket: nobody could know when a handshake in the pipe has left, and frames must not overtake it.
/// </summary>
internal sealed class HandshakeOutput(PipeWriter pipe, Socket socket) : PipeWriter
{
    private byte[]? _handshake;
    private int _length;

    public override bool CanGetUnflushedBytes => pipe.CanGetUnflushedBytes;

    public override long UnflushedBytes => _handshake is null ? pipe.UnflushedBytes : _length;

    /// <summary>Puts this in front of every connection's transport.</summary>
    public static void Attach(IConnectionBuilder endpoint) => endpoint.Use(next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: { } socket })
        {
            var output = new HandshakeOutput(connection.Transport.Output, socket);
            connection.Transport = new Duplex(connection.Transport.Input, output);
            connection.Features.Set(output);
        }

        return next(connection);
    });

    /// <summary>What is written next is the handshake. The request's connection has nothing else on its way: the client has waited for every answer.</summary>
    public SocketOutput Begin()
    {
        _handshake = [];
        return new SocketOutput(socket);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_handshake is null)
        {
            return pipe.GetMemory(sizeHint);
        }

        Array.Resize(ref _handshake, Math.Max(_handshake.Length, _length + Math.Max(sizeHint, 1 << 10)));
        return _handshake.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => _handshake is null ? pipe.GetSpan(sizeHint) : GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (_handshake is null)
        {
            pipe.Advance(bytes);
        }
        else
        {
            _length += bytes;
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        _handshake is null ? pipe.FlushAsync(cancellationToken) : SendAsync(_handshake.AsMemory(0, _length), cancellationToken);

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => pipe.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => pipe.CompleteAsync(exception);

    private async ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        (_handshake, _length) = ([], 0);
        try
        {
            if (bytes.Length > 0)
            {
                await socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            }

            return default;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return new FlushResult(isCanceled: false, isCompleted: true);
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
