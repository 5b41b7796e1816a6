using System.Buffers.Binary;
using GrooteDashboard.Api.Realtime.Sockets;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Frames as clients send them, good and bad. Masked byte by byte: not with the code under test.</summary>
internal static class ClientFrames
{
    private static readonly byte[] Key = [0x37, 0xFA, 0x21, 0x3D];

    public static byte[] Encode(Opcode opcode, ReadOnlySpan<byte> payload, bool isFinal = true, bool isMasked = true, byte reservedBits = 0)
    {
        var lengthBytes = payload.Length switch { < 126 => 0, <= ushort.MaxValue => 2, _ => 8 };
        var frame = new byte[2 + lengthBytes + (isMasked ? 4 : 0) + payload.Length];
        frame[0] = (byte)((isFinal ? 0x80 : 0) | reservedBits | (int)opcode);
        frame[1] = (byte)((isMasked ? 0x80 : 0) | (lengthBytes switch { 0 => payload.Length, 2 => 126, _ => 127 }));
        if (lengthBytes == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }
        else if (lengthBytes == 8)
        {
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
        }

        var body = frame.AsSpan(frame.Length - payload.Length);
        payload.CopyTo(body);
        if (isMasked)
        {
            Key.CopyTo(frame, 2 + lengthBytes);
            for (var i = 0; i < body.Length; i++)
            {
                body[i] ^= Key[i % 4];
            }
        }

        return frame;
    }
}
