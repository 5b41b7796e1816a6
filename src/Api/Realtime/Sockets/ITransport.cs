using System.IO.Pipelines;
using System.Net.Sockets;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// What a connection needs of what is below it. An interface, so that it can be what is there anyway: one object less for each connection.
/// One call to write at a time; calls throw when the transport is gone.
/// </summary>
internal interface ITransport
{
    /// <summary>What the client sends.</summary>
    PipeReader Input { get; }

    /// <summary>The socket, where bytes go to it as they are, and it does not block. Null: there is more between.</summary>
    Socket? Socket { get; }

    /// <summary>Hands over as many of the bytes as the transport takes without waiting, and returns how many that were.</summary>
    int TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Waits until the transport takes something. Returns how many of these bytes it has taken, which may be none: it is ready for them.</summary>
    ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Ends the transport at once, at any time.</summary>
    void Abort();
}
