using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>The newest messages of a channel, in memory: bounded in messages and bytes. One writer, any number of readers.</summary>
internal sealed class ChannelWindow(int maxMessages, int maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<(ChannelFrame Frame, int Bytes)> _frames = new();
    private int _bytes;

    /// <summary>Adds a message; messages up to <paramref name="storedOffset"/> may leave, those after it have no other place yet.</summary>
    public void Add(in ChannelFrame frame, int bytes, long storedOffset)
    {
        lock (_lock)
        {
            _frames.Enqueue((frame, bytes));
            _bytes += bytes;
            while ((_frames.Count > maxMessages || _bytes > maxBytes) && _frames.Peek().Frame.Offset <= storedOffset)
            {
                _bytes -= _frames.Dequeue().Bytes;
            }
        }
    }

    /// <summary>Null where the window does not reach back far enough.</summary>
    public IReadOnlyList<ChannelFrame>? Read(long after, int limit)
    {
        lock (_lock)
        {
            return _frames.TryPeek(out var oldest) && oldest.Frame.Offset <= after + 1
                ? [.. _frames.Select(entry => entry.Frame).SkipWhile(frame => frame.Offset <= after).Take(limit)]
                : null;
        }
    }

    /// <summary>Offset of the oldest message; one after the newest where there is none.</summary>
    public long FirstKept(long head)
    {
        lock (_lock)
        {
            return _frames.TryPeek(out var oldest) ? oldest.Frame.Offset!.Value : head + 1;
        }
    }
}
