namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// The newest ready frames of a channel, kept while somebody catches up: history read from elsewhere is always a moment old, these close the last
/// step to live. Bounded; guarded by the channel.
/// </summary>
internal sealed class RecentFrames
{
    private const int MaxFrames = 1_000;
    private const int MaxBytes = 256 << 10;

    private readonly Queue<HubFrame> _frames = new();
    private long _newest;
    private int _bytes;

    public void Add(in HubFrame frame)
    {
        if (frame.Offset != _newest + 1)
        {
            // Repeated, or after a hole: what is kept has none.
            Clear();
        }

        _frames.Enqueue(frame);
        _newest = frame.Offset!.Value;
        _bytes += frame.Bytes.Length;
        while (_frames.Count > MaxFrames || (_bytes > MaxBytes && _frames.Count > 1))
        {
            _bytes -= _frames.Dequeue().Bytes.Length;
        }
    }

    /// <summary>What follows an offset; nothing where what is kept does not reach back to it.</summary>
    public IEnumerable<HubFrame> After(long offset) =>
        _frames.TryPeek(out var oldest) && oldest.Offset <= offset + 1 ? _frames.Skip((int)Math.Min(offset + 1 - oldest.Offset.Value, _frames.Count)) : [];

    public void Clear()
    {
        _frames.Clear();
        _frames.TrimExcess();
        _bytes = 0;
    }
}
