using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace GrooteDashboard.Api.Realtime.Sockets;

internal enum Opcode
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>The header of a client's frame (RFC 6455, section 5.2).</summary>
/// <param name="Opcode">What the frame carries.</param>
/// <param name="IsFinal">Whether it ends its message.</param>
/// <param name="IsCompressed">Whether the message that begins here is compressed (RSV1; RFC 7692, section 6).</param>
/// <param name="Length">Bytes of the header itself.</param>
/// <param name="PayloadLength">Bytes that follow.</param>
/// <param name="Mask">The masking key, its bytes in the order of the wire.</param>
internal readonly record struct FrameHeader(Opcode Opcode, bool IsFinal, bool IsCompressed, int Length, long PayloadLength, uint Mask)
{
    /// <summary>The longest header of a masked frame.</summary>
    public const int MaxLength = 14;

    /// <summary>RSV1, in the first byte.</summary>
    public const byte CompressedBit = 0x40;

    private const int MaxControlPayload = 125;

    public bool IsControl => Opcode >= Opcode.Close;

    /// <summary>Reads a header; false if <paramref name="bytes"/> does not hold all of it yet.</summary>
    /// <param name="bytes">What has come.</param>
    /// <param name="mayBeCompressed">Whether compression was negotiated.</param>
    /// <param name="header">The header.</param>
    /// <exception cref="ProtocolViolationException">No valid header begins like this.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool mayBeCompressed, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < 2)
        {
            return false;
        }

        var opcode = (Opcode)(bytes[0] & 0x0F);
        var isFinal = (bytes[0] & 0x80) != 0;
        var isCompressed = (bytes[0] & CompressedBit) != 0;
        var shortLength = bytes[1] & 0x7F;
        Require((bytes[0] & 0x30) == 0 && (!isCompressed || mayBeCompressed), "reserved bits are set");
        Require(!isCompressed || opcode is Opcode.Text or Opcode.Binary, "only the first frame of a message says that it is compressed");
        Require(opcode is <= Opcode.Binary or >= Opcode.Close and <= Opcode.Pong, "unknown opcode");
        Require((bytes[1] & 0x80) != 0, "client frames must be masked");
        Require(opcode < Opcode.Close || (isFinal && shortLength <= MaxControlPayload), "control frames are short and not fragmented");

        var lengthBytes = shortLength switch { 126 => 2, 127 => 8, _ => 0 };
        var headerLength = 2 + lengthBytes + sizeof(uint);
        if (bytes.Length < headerLength)
        {
            return false;
        }

        var payloadLength = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            8 => BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            _ => shortLength,
        };
        var shortest = lengthBytes switch { 2 => 126, 8 => 65536, _ => 0 };
        Require(payloadLength >= shortest, "the length is not in its shortest form");

        header = new FrameHeader(opcode, isFinal, isCompressed, headerLength, payloadLength, MemoryMarshal.Read<uint>(bytes[(2 + lengthBytes)..]));
        return true;
    }

    /// <summary>Removes (or applies) the mask, a vector at a time.</summary>
    public void Unmask(Span<byte> payload)
    {
        var keys = Vector.AsVectorByte(new Vector<uint>(Mask));
        var i = 0;
        for (; i <= payload.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            var block = payload.Slice(i, Vector<byte>.Count);
            (new Vector<byte>(block) ^ keys).CopyTo(block);
        }

        // A vector is a multiple of four bytes long: the key goes on from its start.
        for (; i < payload.Length; i++)
        {
            payload[i] ^= keys[i % sizeof(uint)];
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ProtocolViolationException(CloseCodes.ProtocolError, otherwise);
        }
    }
}
