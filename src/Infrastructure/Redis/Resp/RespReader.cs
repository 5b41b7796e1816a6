using System.Buffers.Text;

namespace GrooteDashboard.Infrastructure.Redis.Resp;

/// <summary>
/// Reads what Redis says on a connection that listens, or to a script of ours: RESP version 2 (https://redis.io/docs/latest/develop/reference/protocol-spec), of which only texts, errors,
/// numbers, strings and arrays of up to four of these are said there.
/// </summary>
internal sealed class RespReader
{
    /// <summary>The longest string that Redis takes unless it is told otherwise (<c>proto-max-bulk-len</c>).</summary>
    public const int MaxLength = 512 << 20;

    /// <summary>Errors are lines too.</summary>
    private const int MaxLine = 64 << 10;

    private readonly ReadOnlyMemory<byte>[] _parts = new ReadOnlyMemory<byte>[4];

    /// <summary>What was read: one text, or the parts of an array. It lies in the bytes that were given.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Parts => _parts.AsSpan(0, Count);

    public int Count { get; private set; }

    public bool IsError { get; private set; }

    /// <summary>How long it was; where it has not come as a whole, how many bytes it takes at least.</summary>
    public int Length { get; private set; }

    /// <summary>Reads the first reply; false where it has not come as a whole.</summary>
    /// <exception cref="InvalidDataException">This is not what Redis says.</exception>
    public bool TryRead(ReadOnlyMemory<byte> bytes)
    {
        (Count, Length) = (0, 0);
        if (!TryReadLine(bytes, out var line))
        {
            return false;
        }

        IsError = line.Span[0] == (byte)'-';
        if (line.Span[0] != (byte)'*')
        {
            return TryReadPart(bytes, line);
        }

        for (var left = NumberIn(line, _parts.Length); left > 0; left--)
        {
            if (!TryReadLine(bytes, out line) || !TryReadPart(bytes, line))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadPart(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> line)
    {
        var part = line[1..];
        if (line.Span[0] == (byte)'$')
        {
            // Of nothing it says -1.
            var size = part.Span.SequenceEqual("-1"u8) ? -2 : NumberIn(line, MaxLength);
            var start = Length;
            Length += size + 2;
            if (bytes.Length < Length)
            {
                return false;
            }

            part = bytes.Slice(start, Math.Max(size, 0));
            if (size >= 0 && !bytes.Span[(Length - 2)..Length].SequenceEqual("\r\n"u8))
            {
                throw NotUnderstood();
            }
        }
        else if (line.Span[0] is not ((byte)'+' or (byte)'-' or (byte)':'))
        {
            throw NotUnderstood();
        }

        _parts[Count++] = part;
        return true;
    }

    private bool TryReadLine(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> line)
    {
        var size = bytes.Span[Length..].IndexOf("\r\n"u8);
        if (size == 0 || bytes.Length - Length > MaxLine && size is < 0 or > MaxLine)
        {
            throw NotUnderstood();
        }

        line = size < 0 ? default : bytes.Slice(Length, size);
        Length = size < 0 ? bytes.Length + 1 : Length + size + 2;
        return size >= 0;
    }

    private static int NumberIn(ReadOnlyMemory<byte> line, int max) =>
        Utf8Parser.TryParse(line.Span[1..], out int number, out var used) && used == line.Length - 1 && number >= 0 && number <= max ? number : throw NotUnderstood();

    private static InvalidDataException NotUnderstood() => new("Redis said what is not its protocol.");
}
