using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime;

/// <summary>What was handed to sockets, summed up.</summary>
internal struct Sent
{
    public int Frames;
    public long Bytes;

    /// <summary>Timestamp of the publish of the oldest frame; 0 where none was published.</summary>
    public long OldestPublish;
}

/// <summary>
/// What waits for one client, bounded in bytes. What no longer fits is refused, and read again from history once a quarter or less is taken: history
/// fills it to one half, the other half is for what happens now. Latest-wins frames replace their predecessor in place.
/// Answers to the client's own frames have a reserve beside it; who does not read even those is cut.
/// </summary>
internal sealed class Outbox(int capacity, RealtimeMetrics metrics)
{
    /// <summary>What waits is joined to writes of this size.</summary>
    public const int MaxJoinedBytes = 64 << 10;

    private const int ReplyReserve = 64 << 10;
    private const int IdleCapacity = 64;

    // An object, because a Lock is larger: there are as many as connections.
#pragma warning disable MA0158
    private readonly object _gate = new();
#pragma warning restore MA0158

    // Given back while nothing waits.
    private Queue<Entry>? _queue;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource<bool>? _room;
    private Dictionary<string, LatestSlot>? _latest;
    private int _bytes;

    // Of the first that waits: what is written already.
    private int _written;
    private bool _isDraining;
    private bool _isCompleted;

    /// <summary>Completes when the outbox is completed and everything in it was written.</summary>
    public Task Drained
    {
        get
        {
            lock (_gate)
            {
                if (_isCompleted && !_isDraining)
                {
                    return Task.CompletedTask;
                }

                return (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Whether nothing waits and nothing is being written.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return !_isDraining;
            }
        }
    }

    /// <summary>Gives back what it holds for nothing: most connections are idle, most of the time.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            if (_queue is { Count: 0 })
            {
                _queue = null;
            }
        }
    }

    /// <summary>Queues a message of a channel. False: it does not fit. (Nothing is refused any more once the outbox is completed.)</summary>
    public bool TryOffer(in HubFrame frame, out bool startDrain)
    {
        lock (_gate)
        {
            startDrain = false;
            if (_isCompleted)
            {
                return true;
            }

            if (frame.LatestKey is { } key)
            {
                startDrain = OfferLatest(key, frame);
                return true;
            }

            var fits = Fits(frame.Bytes.Length, capacity);
            startDrain = fits && Append(new Entry(frame));
            return fits;
        }
    }

    /// <summary>Queues a message from history, of any length, while at most half is taken.</summary>
    public bool TryRefill(in HubFrame frame, out bool startDrain)
    {
        lock (_gate)
        {
            var hasRoom = _isCompleted || _bytes <= capacity / 2;
            startDrain = hasRoom && !_isCompleted && Append(new Entry(frame));
            return hasRoom;
        }
    }

    /// <summary>Waits until there is room for history; false: there will be none, the outbox is completed.</summary>
    public Task<bool> WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _isCompleted || HasRoom
                ? Task.FromResult(!_isCompleted)
                : (_room ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Queues an answer or a control frame. False: the client has let too many of them wait.</summary>
    public bool TryReply(byte[] frame, out bool startDrain)
    {
        lock (_gate)
        {
            var fits = _isCompleted || Fits(frame.Length, capacity + ReplyReserve);
            startDrain = fits && !_isCompleted && Append(new Entry(new HubFrame(frame, null, null, 0)));
            return fits;
        }
    }

    /// <summary>Queues the last frame: nothing is taken after it. True: the caller starts a drain.</summary>
    public bool Complete(byte[] lastFrame)
    {
        lock (_gate)
        {
            if (_isCompleted)
            {
                return false;
            }

            _isCompleted = true;
            AnnounceRoom();
            return Append(new Entry(new HubFrame(lastFrame, null, null, 0)));
        }
    }

    /// <summary>Forgets all that waits, and takes nothing more. <see cref="Drained"/> completes when a write under way has ended.</summary>
    public void Discard()
    {
        lock (_gate)
        {
            _isCompleted = true;
            _queue = null;
            _written = 0;
            AnnounceRoom();
            if (!_isDraining)
            {
                Rest();
            }
        }
    }

    /// <summary>The socket is gone: nothing is written any more.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isDraining = false;
        }

        Discard();
    }

    /// <summary>
    /// The next bytes to write: of the first that waits, by reference; or of several, joined in <paramref name="scratch"/> (which may be empty).
    /// They stay until <see cref="Advance"/>. None: the drain is over.
    /// </summary>
    public ReadOnlyMemory<byte> Peek(byte[] scratch)
    {
        lock (_gate)
        {
            if (_queue is null || !_queue.TryPeek(out var first))
            {
                _isDraining = false;
                Rest();
                return default;
            }

            Seal(first);
            var next = first.Bytes.AsMemory(_written);
            return _queue.Count == 1 || next.Length >= scratch.Length ? next : Join(next, scratch);
        }
    }

    /// <summary>So many of the bytes that were peeked are written. False: nothing is left, the drain is over.</summary>
    public bool Advance(int bytes, ref Sent sent)
    {
        lock (_gate)
        {
            sent.Bytes += bytes;
            _written += bytes;
            while (Waiting.TryPeek(out var first) && _written >= first.Length)
            {
                Waiting.Dequeue();
                _written -= first.Length;
                _bytes -= first.Length;
                sent.Frames += first.Count;
                sent.OldestPublish = sent.OldestPublish == 0 || (first.PublishedAt != 0 && first.PublishedAt < sent.OldestPublish) ? first.PublishedAt : sent.OldestPublish;
            }

            AnnounceRoom();
            _isDraining = Waiting.Count > 0;
            if (!_isDraining)
            {
                Rest();
            }

            return _isDraining;
        }
    }

    private ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> first, byte[] scratch)
    {
        first.CopyTo(scratch);
        var length = first.Length;
        var isFirst = true;
        foreach (var entry in Waiting)
        {
            if (!isFirst)
            {
                if (length + entry.Length > scratch.Length)
                {
                    break;
                }

                Seal(entry);
                entry.Bytes.CopyTo(scratch, length);
                length += entry.Length;
            }

            isFirst = false;
        }

        return scratch.AsMemory(0, length);
    }

    /// <summary>What is being written cannot be replaced any more.</summary>
    private void Seal(in Entry entry)
    {
        if (entry.Latest is { } latest && _latest!.TryGetValue(latest.Key, out var waiting) && waiting == latest)
        {
            _latest.Remove(latest.Key);
        }
    }

    private void Rest()
    {
        if (_queue is { Capacity: > IdleCapacity })
        {
            _queue.TrimExcess(IdleCapacity);
        }

        _written = 0;
        if (_isCompleted)
        {
            _drained?.TrySetResult();
        }
    }

    private bool OfferLatest(string key, in HubFrame frame)
    {
        if (_latest is not null && _latest.TryGetValue(key, out var waiting))
        {
            _bytes += frame.Bytes.Length - waiting.Bytes.Length;
            waiting.Bytes = frame.Bytes;
            metrics.Dropped("superseded", 1);
            return false;
        }

        // There are as many keys as channels at most; the reserve is theirs, too.
        if (!Fits(frame.Bytes.Length, capacity + ReplyReserve))
        {
            metrics.Dropped(GapReasons.SlowConsumer, 1);
            return false;
        }

        var slot = new LatestSlot(key, frame.Bytes);
        (_latest ??= []).Add(key, slot);
        return Append(new Entry(frame, slot));
    }

    private Queue<Entry> Waiting => _queue ??= new Queue<Entry>();

    private bool HasRoom => _bytes <= capacity / 4;

    private void AnnounceRoom()
    {
        if (_room is not null && (_isCompleted || HasRoom))
        {
            _room.SetResult(!_isCompleted);
            _room = null;
        }
    }

    // What is larger than the whole outbox goes into an empty one, else it would never go.
    private bool Fits(int length, int limit) => _bytes + length <= limit || _queue is null or { Count: 0 };

    private bool Append(in Entry entry)
    {
        Waiting.Enqueue(entry);
        _bytes += entry.Length;
        var start = !_isDraining;
        _isDraining = true;
        return start;
    }

    private readonly struct Entry(in HubFrame frame, LatestSlot? latest = null)
    {
        private readonly byte[] _bytes = frame.Bytes;

        public LatestSlot? Latest { get; } = latest;

        public byte[] Bytes => Latest?.Bytes ?? _bytes;

        public int Length => Bytes.Length;

        public int Count { get; } = frame.Count;

        public long PublishedAt { get; } = frame.PublishedAt;
    }

    private sealed class LatestSlot(string key, byte[] bytes)
    {
        public string Key { get; } = key;

        public byte[] Bytes { get; set; } = bytes;
    }
}
