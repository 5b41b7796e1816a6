using System.Buffers;
using System.Text.Unicode;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>A whole message (text or binary, its fragments joined) or a control frame. The payload is valid until the next read.</summary>
internal readonly record struct ClientFrame(Opcode Opcode, ReadOnlyMemory<byte> Payload);

/// <summary>
/// Reads a client's frames from the upgraded stream. While nothing comes, it holds no buffer: it waits with a read of zero bytes,
/// and rents one when there is something to read. What ends a read early is the end of the transport.
/// </summary>
internal sealed class FrameReader(Stream stream, int maxMessageBytes = FrameReader.DefaultMaxMessageBytes) : IDisposable
{
    public const int DefaultMaxMessageBytes = 64 << 10;

    /// <summary>Fragments cost more than their bytes: nobody needs so many.</summary>
    private const int MaxFragments = 4 << 10;

    private const int ReadSize = 4 << 10;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    // The fragments so far of a message, and what it is; Continuation while there is none.
    private byte[] _message = [];
    private int _messageLength;
    private int _messageFragments;
    private bool _isMessageCompressed;
    private Opcode _messageOpcode;

    // What a compressed message was before.
    private byte[] _inflated = [];

    /// <summary>Whether permessage-deflate was negotiated: messages may be compressed.</summary>
    public bool IsCompressed { get; set; }

    /// <summary>The next message or control frame; null where the stream ends.</summary>
    /// <exception cref="ProtocolViolationException">The peer broke the protocol.</exception>
    public async ValueTask<ClientFrame?> ReadAsync()
    {
        while (true)
        {
            if (TryParse(out var frame, out var missing))
            {
                return frame;
            }

            if (!await FillAsync(missing))
            {
                return null;
            }
        }
    }

    /// <summary>Reads on without looking, until the peer has closed: an early close would reset the connection, and our last words with it.</summary>
    public async Task DiscardAsync()
    {
        do
        {
            _start = _end = 0;
        }
        while (await FillAsync(1));
    }

    public void Dispose()
    {
        Release(ref _buffer);
        Release(ref _message);
        Release(ref _inflated);
    }

    /// <summary>Takes frames from the buffer until one completes something; otherwise tells how many bytes are missing at least.</summary>
    private bool TryParse(out ClientFrame result, out int missing)
    {
        result = default;
        while (FrameHeader.TryRead(_buffer.AsSpan(_start, _end - _start), IsCompressed, out var header))
        {
            var pending = header.IsControl || _messageOpcode == Opcode.Continuation ? 0 : _messageLength;
            if (header.PayloadLength > maxMessageBytes - pending)
            {
                throw TooBig();
            }

            missing = header.Length + (int)header.PayloadLength - (_end - _start);
            if (missing > 0)
            {
                return false;
            }

            var payload = _buffer.AsMemory(_start + header.Length, (int)header.PayloadLength);
            header.Unmask(payload.Span);
            _start += header.Length + payload.Length;
            if (TryComplete(header, payload, out result))
            {
                return true;
            }
        }

        missing = 1;
        return false;
    }

    private bool TryComplete(in FrameHeader header, ReadOnlyMemory<byte> payload, out ClientFrame result)
    {
        result = new ClientFrame(header.Opcode, payload);
        if (header.IsControl)
        {
            return true;
        }

        if ((header.Opcode == Opcode.Continuation) != (_messageOpcode != Opcode.Continuation))
        {
            throw new ProtocolViolationException(CloseCodes.ProtocolError, "fragments of messages are mixed up");
        }

        if (header.IsFinal && header.Opcode != Opcode.Continuation)
        {
            return Finish(ref result, header.IsCompressed);
        }

        if (header.Opcode != Opcode.Continuation)
        {
            (_messageOpcode, _messageLength, _messageFragments, _isMessageCompressed) = (header.Opcode, 0, 0, header.IsCompressed);
        }

        if (++_messageFragments > MaxFragments)
        {
            throw new ProtocolViolationException(CloseCodes.MessageTooBig, $"a message has at most {MaxFragments} fragments");
        }

        Reserve(ref _message, 0, _messageLength, _messageLength + payload.Length);
        payload.CopyTo(_message.AsMemory(_messageLength));
        _messageLength += payload.Length;
        if (!header.IsFinal)
        {
            return false;
        }

        result = new ClientFrame(_messageOpcode, _message.AsMemory(0, _messageLength));
        _messageOpcode = Opcode.Continuation;
        return Finish(ref result, _isMessageCompressed);
    }

    private bool Finish(ref ClientFrame message, bool isCompressed)
    {
        message = isCompressed ? message with { Payload = Inflate(message.Payload.Span) } : message;
        return message.Opcode != Opcode.Text || Utf8.IsValid(message.Payload.Span)
            ? true
            : throw new ProtocolViolationException(CloseCodes.InvalidPayload, "text must be UTF-8");
    }

    /// <summary>A few bytes may stand for very many: it stops where the message is longer than a message may be.</summary>
    private ReadOnlyMemory<byte> Inflate(ReadOnlySpan<byte> compressed)
    {
        try
        {
            using var inflater = PerMessageDeflate.Inflate(compressed);
            for (var length = 0; ;)
            {
                Reserve(ref _inflated, 0, length, Math.Max(ReadSize, Math.Min(2 * length, maxMessageBytes + 1)));
                var read = inflater.Read(_inflated.AsSpan(length));
                length += read;
                if (read == 0 || length > maxMessageBytes)
                {
                    return length <= maxMessageBytes ? _inflated.AsMemory(0, length) : throw TooBig();
                }
            }
        }
        catch (InvalidDataException)
        {
            throw new ProtocolViolationException(CloseCodes.InvalidPayload, "the message cannot be inflated");
        }
    }

    private ProtocolViolationException TooBig() => new(CloseCodes.MessageTooBig, $"a message has at most {maxMessageBytes} bytes");

    /// <summary>
    /// Reads at least one byte more; false where the stream ends. The buffer grows with what has come, not with what a header announces:
    /// announcing is cheap.
    /// </summary>
    private async ValueTask<bool> FillAsync(int missing)
    {
        if (_start == _end)
        {
            _start = _end = 0;
            Release(ref _buffer);
            Release(ref _inflated);
            if (_messageOpcode == Opcode.Continuation)
            {
                Release(ref _message);
            }

#pragma warning disable CA2022 // Nothing is to be read yet: this only waits.
            await stream.ReadAsync(Memory<byte>.Empty);
#pragma warning restore CA2022
        }

        var held = _end - _start;
        Reserve(ref _buffer, _start, _end, Math.Max(ReadSize, Math.Min(held + missing, 2 * held)));
        (_start, _end) = (0, held);
        var read = await stream.ReadAsync(_buffer.AsMemory(_end));
        _end += read;
        return read > 0;
    }

    /// <summary>Makes the buffer at least <paramref name="size"/> long, with what it holds between start and end at its beginning.</summary>
    private static void Reserve(ref byte[] buffer, int start, int end, int size)
    {
        var held = buffer.AsSpan(start, end - start);
        if (buffer.Length >= size)
        {
            held.CopyTo(buffer);
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(size);
        held.CopyTo(larger);
        Release(ref buffer);
        buffer = larger;
    }

    private static void Release(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }
}
