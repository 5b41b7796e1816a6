using System.Net;
using System.Net.Sockets;

namespace GrooteDashboard.Testing;

/// <summary>
/// Ports for servers that are killed and started again: below those that the kernel gives to outgoing connections. Among those, a client
/// that tries to reach a server which is away could be given the server's port, and be connected to itself.
/// </summary>
public static class LoopbackPort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    /// <summary>A port of the loopback interface on which nobody listens.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + Random.Shared.Next(Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one, then.
            }
        }
    }
}
