using System.Buffers.Binary;
using System.Text;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>Makes ready frames: unmasked, final, to be written as they are and shared by all who get them.</summary>
internal static class FrameEncoder
{
    public static byte[] Text(ReadOnlySpan<byte> utf8) => Encode(Opcode.Text, utf8);

    /// <summary>The same message in a compressed frame, for all who negotiated it; the frame itself where that would not be shorter.</summary>
    /// <param name="frame">One frame as it is made here.</param>
    public static byte[] Deflate(byte[] frame)
    {
        if ((Opcode)(frame[0] & 0x0F) != Opcode.Text)
        {
            return frame;
        }

        var message = frame.AsSpan(frame[1] switch { < 126 => 2, 126 => 4, _ => 10 });
        var deflated = PerMessageDeflate.Deflate(message);
        return deflated.Length < message.Length ? Encode(Opcode.Text, deflated, FrameHeader.CompressedBit) : frame;
    }

    public static byte[] Ping() => Encode(Opcode.Ping, []);

    public static byte[] Pong(ReadOnlySpan<byte> payload) => Encode(Opcode.Pong, payload);

    public static byte[] Close(int code, string reason)
    {
        if (code == CloseCodes.NoStatus)
        {
            return Encode(Opcode.Close, []);
        }

        Span<byte> payload = stackalloc byte[125];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Encoding.UTF8.TryGetBytes(reason, payload[2..], out var written);
        return Encode(Opcode.Close, payload[..(2 + written)]);
    }

    private static byte[] Encode(Opcode opcode, ReadOnlySpan<byte> payload, byte reservedBits = 0)
    {
        var headerLength = payload.Length switch { < 126 => 2, <= ushort.MaxValue => 4, _ => 10 };
        var frame = GC.AllocateUninitializedArray<byte>(headerLength + payload.Length);
        frame[0] = (byte)(0x80 | reservedBits | (int)opcode);
        switch (headerLength)
        {
            case 2:
                frame[1] = (byte)payload.Length;
                break;
            case 4:
                frame[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
                break;
            default:
                frame[1] = 127;
                BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
                break;
        }

        payload.CopyTo(frame.AsSpan(headerLength));
        return frame;
    }
}
