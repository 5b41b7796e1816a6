namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>The peer broke RFC 6455, or its message is too large: the connection ends with <see cref="CloseCode"/>.</summary>
internal sealed class ProtocolViolationException(int closeCode, string reason) : Exception(reason)
{
    public int CloseCode { get; } = closeCode;
}
