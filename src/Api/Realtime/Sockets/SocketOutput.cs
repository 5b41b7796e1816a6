using System.Net.Sockets;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>Straight to the socket: one system call for a write, no copy, and no thread that is woken up for it.</summary>
internal sealed class SocketOutput : ITransportOutput
{
    private readonly Socket _socket;

    public SocketOutput(Socket socket)
    {
        // Calls that do not wait return at once then. Those that do wait, the server's own reads among them, never blocked a thread.
        socket.Blocking = false;
        _socket = socket;
    }

    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        var sent = _socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable => 0,
            _ => throw new SocketException((int)error),
        };
    }

    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAsync(bytes, SocketFlags.None);
}
