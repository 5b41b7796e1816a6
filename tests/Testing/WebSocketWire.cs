using System.Buffers.Binary;
using System.Text;

namespace GrooteDashboard.Testing;

/// <summary>
/// As much of RFC 6455 as a client needs that owns its socket: it can be light, and it can be cut in the middle of a frame. Frames of a
/// server are not masked.
/// </summary>
public static class WebSocketWire
{
    public const int OpcodeText = 1;
    public const int OpcodeClose = 8;
    public const int OpcodePing = 9;

    private const byte Final = 0x80;
    private const int OpcodePong = 10;

    /// <summary>The request for a WebSocket.</summary>
    public static byte[] Handshake(Uri server, string path) => Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Convert.ToBase64String(Guid.NewGuid().ToByteArray())}\r\n\r\n");

    /// <summary>A client's frame of text, masked with zeros.</summary>
    public static byte[] Text(string text) => Masked(OpcodeText, Encoding.UTF8.GetBytes(text));

    /// <summary>The answer to a ping.</summary>
    public static byte[] Pong(ReadOnlySpan<byte> payload) => Masked(OpcodePong, payload);

    /// <summary>Reads the first frame of what was received; false where it is not whole yet.</summary>
    /// <param name="bytes">What was received.</param>
    /// <param name="opcode">Its opcode.</param>
    /// <param name="payload">Its payload, in place.</param>
    /// <param name="isFinal">Whether its message ends with it.</param>
    /// <param name="size">Of the whole frame, in bytes.</param>
    public static bool TryReadFrame(ReadOnlySpan<byte> bytes, out int opcode, out ReadOnlySpan<byte> payload, out bool isFinal, out int size)
    {
        (opcode, isFinal, size) = (0, false, 0);
        payload = default;
        if (bytes.Length < 2)
        {
            return false;
        }

        var (header, length) = (2, (long)bytes[1]);
        if (length >= 126)
        {
            header = length == 126 ? 4 : 10;
            if (bytes.Length < header)
            {
                return false;
            }

            length = header == 4 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        }

        if (bytes.Length < header + length)
        {
            return false;
        }

        size = header + (int)length;
        (opcode, isFinal) = (bytes[0] & 0x0F, bytes[0] >= Final);
        payload = bytes[header..size];
        return true;
    }

    private static byte[] Masked(int opcode, ReadOnlySpan<byte> payload)
    {
        var (header, length) = payload.Length < 126 ? (2, payload.Length) : (4, 126);
        var frame = new byte[header + 4 + payload.Length];
        frame[0] = (byte)(Final | opcode);
        frame[1] = (byte)(0x80 | length);
        if (header == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), checked((ushort)payload.Length));
        }

        payload.CopyTo(frame.AsSpan(header + 4));
        return frame;
    }
}
