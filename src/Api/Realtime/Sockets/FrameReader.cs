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

    private const int ReadSize = 4 << 10;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    // The fragments so far of a message, and what it is; Continuation while there is none.
    private byte[] _message = [];
    private int _messageLength;
    private Opcode _messageOpcode;

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
    }

    /// <summary>Takes frames from the buffer until one completes something; otherwise tells how many bytes are missing at least.</summary>
    private bool TryParse(out ClientFrame result, out int missing)
    {
        result = default;
        while (FrameHeader.TryRead(_buffer.AsSpan(_start, _end - _start), out var header))
        {
            var pending = header.IsControl || _messageOpcode == Opcode.Continuation ? 0 : _messageLength;
            if (header.PayloadLength > maxMessageBytes - pending)
            {
                throw new ProtocolViolationException(CloseCodes.MessageTooBig, $"a message has at most {maxMessageBytes} bytes");
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
            return Validated(result);
        }

        if (header.Opcode != Opcode.Continuation)
        {
            (_messageOpcode, _messageLength) = (header.Opcode, 0);
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
        return Validated(result);
    }

    private static bool Validated(in ClientFrame frame) =>
        frame.Opcode != Opcode.Text || Utf8.IsValid(frame.Payload.Span)
            ? true
            : throw new ProtocolViolationException(CloseCodes.InvalidPayload, "text must be UTF-8");

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
