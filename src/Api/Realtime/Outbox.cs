using System.Buffers;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime;

/// <summary>What one write took from the outbox.</summary>
internal readonly record struct WriteBatch(int Frames, int Bytes, long OldestPublish);

/// <summary>
/// What waits for one client, bounded in bytes. What no longer fits is refused, and read again from history once a quarter or less is taken: history
/// fills it to one half, the other half is for what happens now. Latest-wins frames replace their predecessor in place.
/// Answers to the client's own frames have a reserve beside it; who does not read even those is cut.
/// </summary>
internal sealed class Outbox(int capacity, RealtimeMetrics metrics)
{
    /// <summary>Frames are joined to writes of this size.</summary>
    public const int MaxWriteBytes = 64 << 10;

    private const int ReplyReserve = 64 << 10;
    private const int IdleCapacity = 64;

    private readonly Lock _gate = new();
    private readonly Queue<Entry> _waiting = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<bool>? _room;
    private Dictionary<string, LatestSlot>? _latest;
    private int _bytes;
    private bool _isDraining;
    private bool _isCompleted;

    /// <summary>Completes when the outbox is completed and everything in it was written.</summary>
    public Task Drained => _drained.Task;

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
            startDrain = fits && Append(new Entry(frame.Bytes, null, frame.PublishedAt));
            return fits;
        }
    }

    /// <summary>Queues a message from history, of any length, while at most half is taken.</summary>
    public bool TryRefill(in HubFrame frame, out bool startDrain)
    {
        lock (_gate)
        {
            var hasRoom = _isCompleted || _bytes <= capacity / 2;
            startDrain = hasRoom && !_isCompleted && Append(new Entry(frame.Bytes, null, frame.PublishedAt));
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
            startDrain = fits && !_isCompleted && Append(new Entry(frame, null, 0));
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
            return Append(new Entry(lastFrame, null, 0));
        }
    }

    /// <summary>Forgets all that waits, and takes nothing more. <see cref="Drained"/> completes when a drain under way has ended.</summary>
    public void Discard()
    {
        lock (_gate)
        {
            _isCompleted = true;
            _waiting.Clear();
            AnnounceRoom();
            if (!_isDraining)
            {
                _drained.TrySetResult();
            }
        }
    }

    /// <summary>The drain itself cannot go on: the socket is gone.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isDraining = false;
        }

        Discard();
    }

    /// <summary>Moves the next frames into the writer. False: there are none, and the drain is over.</summary>
    public bool TryTake(IBufferWriter<byte> output, out WriteBatch batch)
    {
        lock (_gate)
        {
            var (frames, bytes, oldest) = (0, 0, 0L);
            while (_waiting.TryPeek(out var entry) && (frames == 0 || bytes + entry.Length <= MaxWriteBytes))
            {
                _waiting.Dequeue();
                if (entry.Latest is { } latest)
                {
                    _latest!.Remove(latest.Key);
                }

                output.Write(entry.Bytes);
                frames++;
                bytes += entry.Length;
                _bytes -= entry.Length;
                oldest = oldest == 0 ? entry.PublishedAt : oldest;
            }

            AnnounceRoom();
            batch = new WriteBatch(frames, bytes, oldest);
            _isDraining = frames > 0;
            if (!_isDraining)
            {
                Rest();
            }

            return _isDraining;
        }
    }

    private void Rest()
    {
        if (_waiting.Capacity > IdleCapacity)
        {
            _waiting.TrimExcess(IdleCapacity);
        }

        if (_isCompleted)
        {
            _drained.TrySetResult();
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
        return Append(new Entry(null, slot, frame.PublishedAt));
    }

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
    private bool Fits(int length, int limit) => _bytes + length <= limit || _waiting.Count == 0;

    private bool Append(in Entry entry)
    {
        _waiting.Enqueue(entry);
        _bytes += entry.Length;
        var start = !_isDraining;
        _isDraining = true;
        return start;
    }

    private readonly struct Entry(byte[]? bytes, LatestSlot? latest, long publishedAt)
    {
        public LatestSlot? Latest => latest;

        public byte[] Bytes => latest?.Bytes ?? bytes!;

        public int Length => Bytes.Length;

        public long PublishedAt => publishedAt;
    }

    private sealed class LatestSlot(string key, byte[] bytes)
    {
        public string Key { get; } = key;

        public byte[] Bytes { get; set; } = bytes;
    }
}
