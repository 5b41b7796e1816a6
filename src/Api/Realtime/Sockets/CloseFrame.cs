using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>What a peer's close frame says (RFC 6455, section 5.5.1).</summary>
internal static class CloseFrame
{
    /// <exception cref="ProtocolViolationException">It says it wrongly.</exception>
    public static (int Code, string Reason) Read(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return (CloseCodes.NoStatus, "");
        }

        if (payload.Length < 2 || !CloseCodes.IsValidOnWire(BinaryPrimitives.ReadUInt16BigEndian(payload)))
        {
            throw new ProtocolViolationException(CloseCodes.ProtocolError, "invalid close code");
        }

        return Utf8.IsValid(payload[2..])
            ? (BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload[2..]))
            : throw new ProtocolViolationException(CloseCodes.InvalidPayload, "the close reason must be UTF-8");
    }
}
