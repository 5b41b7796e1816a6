namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>The way to one peer. One call at a time. Calls throw when the transport is gone.</summary>
internal interface ITransportOutput
{
    /// <summary>Hands over as many of the bytes as the transport takes without waiting, and returns how many that were.</summary>
    int TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Waits until the transport takes something. Returns how many of these bytes it has taken, which may be none: it is ready for them.</summary>
    ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes);
}
