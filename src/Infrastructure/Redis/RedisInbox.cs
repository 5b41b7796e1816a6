using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Infrastructure.Redis.PubSub;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// What was published and waits to be taken in: bounded in messages and in bytes. When it is full, what comes is dropped, and the task
/// that it belonged to is told once, in its place in the order, until its messages find room again.
/// One writer (the thread that listens), one reader.
/// </summary>
internal sealed class RedisInbox(int capacity, long maxBytes)
{
    /// <summary>Beyond so many losing tasks at once, all tasks are told instead of each.</summary>
    private const int MaxLosingTasks = 10_000;

    private const int MessageOverheadBytes = 128;

    // Its bounds are kept here: it counts bytes as well, and notices pass when it is full.
    private readonly RoundQueue<InboxItem> _items = new();
    private readonly HashSet<string> _losing = new(StringComparer.Ordinal);
    private int _count;
    private long _bytes;
    private bool _isInterrupted;

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes a message in; the reader sees it after the next <see cref="Wake"/>.</summary>
    /// <returns>Whether there was room.</returns>
    public bool TryWrite(ChannelMessage message)
    {
        Volatile.Write(ref _isInterrupted, false);
        var size = message.Payload.Length + message.Channel.Length + MessageOverheadBytes;
        if (Count >= capacity || (Count > 0 && Bytes + size > maxBytes))
        {
            NoticeLoss(message.Channel);
            return false;
        }

        if (_losing.Count > 0 && ProducerChannels.TryGetTaskId(message.Channel, out var taskId) && _losing.Remove(taskId))
        {
            _losing.Remove(InboxItem.AllTasks);
        }

        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, size);
        _items.Add(new InboxItem(message, size, null, IsInterruption: false));
        return true;
    }

    /// <summary>The subscription was interrupted here. Where nothing was heard since that was said, it is not said again.</summary>
    public void WriteInterruption()
    {
        if (!Interlocked.Exchange(ref _isInterrupted, true))
        {
            _items.Add(new InboxItem(null, 0, null, IsInterruption: true));
            Wake();
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Complete() => _items.Complete();

    /// <inheritdoc cref="RoundQueue{T}.Wake"/>
    public void Wake() => _items.Wake();

    /// <inheritdoc cref="RoundQueue{T}.WaitAsync"/>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _items.WaitAsync(cancellationToken);

    /// <summary>The next item; what it took is free again.</summary>
    public bool TryRead(out InboxItem item)
    {
        if (!_items.TryTake(out item))
        {
            return false;
        }

        if (item.Message is not null)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Add(ref _bytes, -item.Size);
        }

        return true;
    }

    private void NoticeLoss(string channel)
    {
        if (!ProducerChannels.TryGetTaskId(channel, out var taskId) || _losing.Contains(taskId))
        {
            return;
        }

        var told = _losing.Count < MaxLosingTasks ? taskId : InboxItem.AllTasks;
        if (_losing.Add(told))
        {
            _items.Add(new InboxItem(null, 0, told, IsInterruption: false));
        }
    }
}

/// <summary>One of: a message; a notice that messages of a task were dropped; a notice that the subscription was interrupted.</summary>
internal readonly record struct InboxItem(ChannelMessage? Message, int Size, string? LosingTaskId, bool IsInterruption)
{
    /// <summary>In place of a task's id; no id is empty.</summary>
    public const string AllTasks = "";
}
