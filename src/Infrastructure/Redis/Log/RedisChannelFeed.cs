using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// The channels that are watched on this instance, from Redis: callback → bounded inbox → one loop, which hands them on without a hole. What was
/// not heard, because the connection was away or the inbox was full, is read from the channel's window or from the store.
/// </summary>
internal sealed partial class RedisChannelFeed : BackgroundService, IChannelFeed, IChannelPositions
{
    private const int InboxMaxBytes = 64 << 20;
    private const int MessageOverheadBytes = 128;
    private const int ReadLimit = 500;

    private readonly RedisConnection _connection;
    private readonly ITaskLogStore _store;
    private readonly IRealtimePublisher _publisher;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisChannelFeed> _logger;
    private readonly Action<RedisChannel, RedisValue> _receive;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedChannel> _watched = new(StringComparer.Ordinal);
    private readonly HashSet<string> _subscribed = new(StringComparer.Ordinal);

    // Unbounded as a channel: its bound is in bytes and kept here.
    private readonly Channel<Heard> _inbox = Channel.CreateUnbounded<Heard>(new UnboundedChannelOptions { SingleReader = true });
    private string _lastEpoch = "";
    private long _inboxBytes;
    private bool _overflowed;
    private int _interruptions;

    public RedisChannelFeed(
        RedisConnection connection,
        ITaskLogStore store,
        IRealtimePublisher publisher,
        IOptions<RedisOptions> options,
        TimeProvider time,
        ILogger<RedisChannelFeed> logger)
    {
        _connection = connection;
        _store = store;
        _publisher = publisher;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _receive = Receive;
    }

    public async ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken)
    {
        WatchedChannel watched;
        lock (_gate)
        {
            if (!_watched.TryGetValue(channel, out watched!))
            {
                _watched.Add(channel, watched = new WatchedChannel(channel));
            }

            watched.Watchers++;
        }

        for (var failures = 0; ;)
        {
            try
            {
                var interruptions = Volatile.Read(ref _interruptions);
                await SubscribeAsync(channel, cancellationToken);
                var position = await AskPositionAsync(channel, cancellationToken);
                watched.Begin(position);
                // An interruption meanwhile: what was missed then is nobody's to find.
                if (interruptions == Volatile.Read(ref _interruptions))
                {
                    return position;
                }
            }
            catch (Exception e) when (IsAway(e) && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
            }
        }
    }

    public void Unwatch(string channel)
    {
        lock (_gate)
        {
            if (!_watched.TryGetValue(channel, out var watched) || --watched.Watchers > 0)
            {
                return;
            }

            _watched.Remove(channel);
        }

        _ = UnsubscribeAsync(channel);
    }

    public async ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken)
    {
        var recent = await ReadWindowAsync(channel, after, limit, cancellationToken);
        if (recent is [{ Offset: { } first }, ..] && first == after + 1)
        {
            return new ChannelHistory(recent, after + 1);
        }

        if (!Channels.TryGetTaskId(channel, out var taskId))
        {
            return new ChannelHistory(recent, recent is [{ Offset: { } oldest }, ..] ? oldest : Math.Max(after, (await AskPositionAsync(channel, cancellationToken)).Offset) + 1);
        }

        // The window holds what is not stored yet; the store holds all that has left the window.
        var stored = await _store.ReadAsync(taskId, after, limit, cancellationToken);
        var firstKept = stored.Count > 0 ? stored[0].Offset!.Value : after + 1;
        // A row that the store refused is missing for ever. The next call begins after the hole, and says so.
        return new ChannelHistory([.. stored.TakeWhile((row, index) => row.Offset == firstKept + index)], firstKept);
    }

    public async ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken)
    {
        try
        {
            if (_connection.IsUp)
            {
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                deadline.CancelAfter(_options.CommandTimeout);
                var position = await AskPositionAsync(channel, deadline.Token);
                Volatile.Write(ref _lastEpoch, position.Epoch);
                return position;
            }
        }
        catch (Exception e) when ((IsAway(e) || e is OperationCanceledException) && !cancellationToken.IsCancellationRequested)
        {
            // Below.
        }

        // An earlier position than the true one is never wrong: from there more is told again.
        return new ChannelPosition(Volatile.Read(ref _lastEpoch), await StoredHeadAsync(channel, cancellationToken));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void NewEpoch(RedisChannel channel, RedisValue epoch) => _inbox.Writer.TryWrite(Heard.Interruption);
        void Restored() => _ = NoticeInterruptionAsync(stoppingToken);
        _connection.PubSubRestored += Restored;
        try
        {
            var subscriber = await _connection.GetSubscriberAsync(stoppingToken);
            _ = Ignore(subscriber.SubscribeAsync(LogKeys.Literal(LogKeys.Epoch), NewEpoch));
            await Task.Run(() => HandOnAsync(stoppingToken), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, as asked.
        }
        finally
        {
            _connection.PubSubRestored -= Restored;
        }
    }

    /// <summary>Only enqueues. Redis hands messages over one at a time and in order (see <see cref="RedisConnection"/>).</summary>
    private void Receive(RedisChannel channel, RedisValue payload)
    {
        byte[] bytes = payload.HasValue ? (byte[])payload! : [];
        if (Interlocked.Read(ref _inboxBytes) + bytes.Length > InboxMaxBytes)
        {
            // Found again in the window or in the store.
            Volatile.Write(ref _overflowed, true);
            return;
        }

        Interlocked.Add(ref _inboxBytes, bytes.Length + MessageOverheadBytes);
        _inbox.Writer.TryWrite(new Heard(LogKeys.ChannelOf(channel), bytes));
    }

    private async Task HandOnAsync(CancellationToken cancellationToken)
    {
        await foreach (var heard in _inbox.Reader.ReadAllAsync(cancellationToken))
        {
            if (heard.Channel is null)
            {
                await CatchUpAsync(cancellationToken);
                continue;
            }

            Interlocked.Add(ref _inboxBytes, -heard.Bytes.Length - MessageOverheadBytes);
            if (Find(heard.Channel) is { } watched)
            {
                await UntilItWorksAsync(token => HandOnAsync(watched, heard.Bytes, token), cancellationToken);
            }

            if (Volatile.Read(ref _overflowed) && Interlocked.Read(ref _inboxBytes) == 0)
            {
                Volatile.Write(ref _overflowed, false);
                LogOverflowed();
                await CatchUpAsync(cancellationToken);
            }
        }
    }

    private async Task HandOnAsync(WatchedChannel watched, byte[] bytes, CancellationToken cancellationToken)
    {
        if (!FeedMessage.TryParse(bytes, out var message))
        {
            LogUnreadable(watched.Name, "no head");
        }
        else if (message.Offset == 0)
        {
            Publish(watched.Name, null, message.Body);
        }
        else
        {
            watched.Begin(new ChannelPosition(message.Epoch, message.Offset - 1));
            if (watched.Epoch != message.Epoch)
            {
                Reset(watched, new ChannelPosition(message.Epoch, message.Offset - 1));
            }

            await CatchUpAsync(watched, message.Offset - 1, cancellationToken);
            if (message.Offset == watched.Offset + 1)
            {
                Publish(watched.Name, message.Offset, message.Body);
                watched.Offset = message.Offset;
            }
        }
    }

    /// <summary>Something may have been missed on any channel.</summary>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        WatchedChannel[] all;
        lock (_gate)
        {
            all = [.. _watched.Values];
        }

        foreach (var watched in all.Where(watched => watched.HasBegun))
        {
            await UntilItWorksAsync(
                async token =>
                {
                    var position = await AskPositionAsync(watched.Name, token);
                    if (position.Epoch == watched.Epoch && position.Offset < watched.Offset)
                    {
                        // Redis has older data than were handed on here: offsets would be given twice.
                        await LogEpoch.EndAsync(_connection, position.Epoch, position.Epoch, token);
                        position = await AskPositionAsync(watched.Name, token);
                    }

                    if (position.Epoch != watched.Epoch)
                    {
                        Reset(watched, position);
                    }

                    await CatchUpAsync(watched, position.Offset, token);
                },
                cancellationToken);
        }
    }

    private async Task CatchUpAsync(WatchedChannel watched, long upTo, CancellationToken cancellationToken)
    {
        while (watched.Offset < upTo && Find(watched.Name) == watched)
        {
            var history = await ReadAsync(watched.Name, watched.Offset, ReadLimit, cancellationToken);
            foreach (var frame in history.Frames)
            {
                _publisher.Publish(frame);
                watched.Offset = frame.Offset!.Value;
            }

            if (history.Frames.Count == 0)
            {
                // Lost, or lost since: whoever watches sees the hole, and says so.
                watched.Offset = history.FirstKept > watched.Offset + 1 ? Math.Min(history.FirstKept - 1, upTo) : upTo;
            }
        }
    }

    private void Reset(WatchedChannel watched, ChannelPosition position)
    {
        watched.Reset(position);
        _publisher.ChannelReset(watched.Name, position);
    }

    private void Publish(string channel, long? offset, ReadOnlyMemory<byte> body)
    {
        if (TryDecode(channel, offset, body.Span, out var frame))
        {
            _publisher.Publish(frame);
        }
    }

    /// <summary>A message of a kind that a later version introduced is left out: whoever watches sees the hole.</summary>
    private bool TryDecode(string channel, long? offset, ReadOnlySpan<byte> body, out ChannelFrame frame)
    {
        try
        {
            frame = FrameCodec.Decode(channel, offset, body);
            return true;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            LogUnreadable(channel, e.GetType().Name);
            frame = default;
            return false;
        }
    }

    private WatchedChannel? Find(string channel)
    {
        lock (_gate)
        {
            return _watched.GetValueOrDefault(channel);
        }
    }

    private async Task<List<ChannelFrame>> ReadWindowAsync(string channel, long after, int limit, CancellationToken cancellationToken)
    {
        var reply = await RedisScript.Window.RunAsync(_connection, [channel, $"{Text(after + 1)}-0", Text(limit)], cancellationToken);
        var frames = new List<ChannelFrame>();
        foreach (var entry in (RedisResult[])reply!)
        {
            var parts = (RedisResult[])entry!;
            var offset = (long)EntryId.Parse((string)parts[0]!).Milliseconds;
            // A window is in one piece, but for what cannot be read.
            if (frames.Count > 0 && frames[^1].Offset + 1 != offset)
            {
                break;
            }

            if (TryDecode(channel, offset, (byte[])((RedisResult[])parts[1]!)[1]!, out var frame))
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    /// <summary>Waits where Redis has just lost data: the writer is about to open a new epoch.</summary>
    private async Task<ChannelPosition> AskPositionAsync(string channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reply = (RedisResult[])(await RedisScript.Position.RunAsync(_connection, [channel], cancellationToken))!;
            if (!reply[0].IsNull)
            {
                var offset = reply[1].IsNull ? await StoredHeadAsync(channel, cancellationToken) : (long)reply[1];
                return new ChannelPosition((string)reply[0]!, offset);
            }

            await Task.Delay(_options.RetryDelay, _time, cancellationToken);
        }
    }

    /// <summary>A channel that Redis does not know is idle: everything is stored.</summary>
    private async Task<long> StoredHeadAsync(string channel, CancellationToken cancellationToken) =>
        Channels.TryGetTaskId(channel, out var taskId) ? (await _store.PeekAsync(taskId, cancellationToken))?.Offset ?? 0 : 0;

    /// <summary>Returns when the channel is heard: the answer to the ping comes after that to the subscription.</summary>
    private async Task SubscribeAsync(string channel, CancellationToken cancellationToken)
    {
        var subscriber = await _connection.GetSubscriberAsync(cancellationToken);
        lock (_gate)
        {
            if (_subscribed.Add(channel))
            {
                _ = Ignore(subscriber.SubscribeAsync(LogKeys.PubSub(channel), _receive));
            }
        }

        await subscriber.PingAsync().WaitAsync(_options.CommandTimeout, _time, cancellationToken);
    }

    private async Task UnsubscribeAsync(string channel)
    {
        var subscriber = await _connection.GetSubscriberAsync(CancellationToken.None);
        lock (_gate)
        {
            // Somebody may have come meanwhile.
            if (!_watched.ContainsKey(channel) && _subscribed.Remove(channel))
            {
                _ = Ignore(subscriber.UnsubscribeAsync(LogKeys.PubSub(channel), _receive));
            }
        }
    }

    private async Task NoticeInterruptionAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _interruptions);
        try
        {
            // The subscriptions are sent again on the same connection before this ping: its answer means that they are heard.
            var subscriber = await _connection.GetSubscriberAsync(cancellationToken);
            await subscriber.PingAsync().WaitAsync(_options.CommandTimeout, _time, cancellationToken);
        }
        catch (Exception e) when (IsAway(e) || cancellationToken.IsCancellationRequested)
        {
            // Away again, or stopping.
        }

        _inbox.Writer.TryWrite(Heard.Interruption);
    }

    private async Task UntilItWorksAsync(Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await attempt(cancellationToken);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (failures == 0)
                {
                    LogAway(e.GetType().Name, e.Message);
                }

                await Task.Delay(Backoff.Delay(failures, _options.RetryDelay, _options.MaxRetryDelay), _time, cancellationToken);
            }
        }
    }

    /// <summary>Without an answer the client subscribes by itself as soon as Redis is back.</summary>
    private static async Task Ignore(Task answer) => await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static bool IsAway(Exception e) => e is RedisException or TimeoutException or ObjectDisposedException;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(LogLevel.Warning, "What was missed on a channel cannot be read: {Error} {Reason}; trying again until it can")]
    private partial void LogAway(string error, string reason);

    [LoggerMessage(LogLevel.Warning, "Messages came faster than they were handed on; reading again what was left out")]
    private partial void LogOverflowed();

    [LoggerMessage(LogLevel.Error, "A message of {Channel} cannot be read: {Error}")]
    private partial void LogUnreadable(string channel, string error);

    /// <summary>A message, or the news that something may have been missed.</summary>
    private readonly record struct Heard(string? Channel, byte[] Bytes)
    {
        public static Heard Interruption => new(null, []);
    }
}
