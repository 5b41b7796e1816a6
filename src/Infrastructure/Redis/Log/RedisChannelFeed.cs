using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// The channels that are watched on this instance, from Redis and from this instance's own log: bounded inbox → one loop, which hands them on without a hole. What was
/// not heard, because the connection was away or the inbox was full, is read from the channel's window or from the store. Once in a while it looks
/// whether there is anything that it ought to have heard: no subscription is trusted for ever.
/// </summary>
internal sealed partial class RedisChannelFeed : BackgroundService, IChannelFeed, IChannelPositions
{
    private const int InboxMaxBytes = 64 << 20;
    private const int MessageOverheadBytes = 128;
    private const int ReadLimit = 500;
    private const int ChannelsPerCall = 500;

    /// <summary>Everything that is appended waits meanwhile.</summary>
    private static readonly TimeSpan HearingPatience = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it looks where the channels stand. One that is not heard is found after two looks.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly RedisConnection _connection;
    private readonly RedisSubscriber _subscriber;
    private readonly ITaskLogStore _store;
    private readonly IRealtimePublisher _publisher;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskLogMetrics _metrics;
    private readonly ILogger<RedisChannelFeed> _logger;
    private readonly MessageHandler _receive;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedChannel> _watched = new(StringComparer.Ordinal);

    // Of each channel Redis' answer to the newest SUBSCRIBE.
    private readonly Dictionary<string, Task> _subscribed = new(StringComparer.Ordinal);

    // Its bound is in bytes and kept here; of notices at most one of each kind waits.
    private readonly RoundQueue<Heard> _inbox = new();
    private string _lastEpoch = "";
    private long _inboxBytes;
    private bool _overflowed;
    private int _interruptions;
    private bool _interruptionWaits;
    private bool _lookWaits;

    public RedisChannelFeed(
        RedisConnection connection,
        RedisSubscriber subscriber,
        ITaskLogStore store,
        IRealtimePublisher publisher,
        IOptions<RedisOptions> options,
        TimeProvider time,
        TaskLogMetrics metrics,
        ILogger<RedisChannelFeed> logger)
    {
        _connection = connection;
        _subscriber = subscriber;
        _store = store;
        _publisher = publisher;
        _options = options.Value;
        _time = time;
        _metrics = metrics;
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
                var (position, loss) = await AskStateAsync(channel, cancellationToken);
                watched.Begin(position, loss);
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

        Unsubscribe(channel);
    }

    /// <summary>
    /// What this instance has appended itself is handed on without waiting to hear it from Redis; where something is missing before it, it waits for that.
    /// </summary>
    public void Appended(string epoch, IEnumerable<LogOperation> operations)
    {
        foreach (var operation in operations.Where(operation => operation is { Offset: > 0, IsKept: false } && Find(operation.Channel) is not null))
        {
            Enqueue(new Heard(operation.Channel, [], operation.Messages, new ChannelPosition(epoch, operation.Offset)));
        }

        _inbox.Wake();
    }

    /// <summary>What was published before is in its place, before what is appended from now on. Where that is not to be had, it is found by the next look.</summary>
    public async Task UntilHeardAsync(CancellationToken cancellationToken) =>
        await Ignore(_subscriber.PingAsync().WaitAsync(HearingPatience, _time, cancellationToken));

    public ChannelLoss? LastLoss(string channel) => Find(channel)?.Loss;

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
        void NewEpoch(string channel, byte[] epoch) => Notice(Heard.Interruption, ref _interruptionWaits);
        void Connected()
        {
            Interlocked.Increment(ref _interruptions);
            Notice(Heard.Interruption, ref _interruptionWaits);
        }

        _subscriber.Connected += Connected;
        _subscriber.Looked += _inbox.Wake;
        try
        {
            // Where this is not heard, the next look finds the new epoch.
            _ = Ignore(_subscriber.SubscribeAsync(LogKeys.Epoch, NewEpoch));
            await Task.WhenAll(Task.Run(() => HandOnAsync(stoppingToken), stoppingToken), LookAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, as asked.
        }
        finally
        {
            _subscriber.Connected -= Connected;
            _subscriber.Looked -= _inbox.Wake;
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Notice(Heard.Look, ref _lookWaits);
        }
    }

    /// <summary>Only enqueues: see <see cref="MessageHandler"/>.</summary>
    private void Receive(string channel, byte[] bytes) => Enqueue(new Heard(LogKeys.ChannelOf(channel), bytes));

    private void Enqueue(Heard heard)
    {
        if (Interlocked.Read(ref _inboxBytes) + heard.Size > InboxMaxBytes)
        {
            // Found again in the window or in the store.
            Volatile.Write(ref _overflowed, true);
            return;
        }

        Interlocked.Add(ref _inboxBytes, heard.Size);
        _inbox.Add(heard);
    }

    /// <summary>However often it happens: what waits already does for all of them.</summary>
    private void Notice(Heard notice, ref bool waits)
    {
        if (!Interlocked.Exchange(ref waits, true))
        {
            _inbox.Add(notice);
            _inbox.Wake();
        }
    }

    private async Task HandOnAsync(CancellationToken cancellationToken)
    {
        while (await _inbox.WaitAsync(cancellationToken))
        {
            while (_inbox.TryTake(out var heard))
            {
                await HandOnAsync(heard, cancellationToken);
            }

            _publisher.EndRound();
        }
    }

    private async ValueTask HandOnAsync(Heard heard, CancellationToken cancellationToken)
    {
        if (heard == Heard.Interruption)
        {
            // Before it is looked after: one that happens meanwhile is another one.
            Volatile.Write(ref _interruptionWaits, false);
            // With this answer, everything that is watched is heard again.
            await UntilItWorksAsync(token => _subscriber.PingAsync().WaitAsync(token), cancellationToken);
            await CatchUpAsync(CatchUpWith.All, cancellationToken);
            return;
        }

        if (heard == Heard.Look)
        {
            Volatile.Write(ref _lookWaits, false);
            // What did not fit into the inbox is known to be missing, and read as soon as the rest is handed on.
            if (!Volatile.Read(ref _overflowed))
            {
                await CatchUpAsync(CatchUpWith.WhatIsNotHeard, cancellationToken);
            }

            return;
        }

        Interlocked.Add(ref _inboxBytes, -heard.Size);
        if (Find(heard.Channel!) is { } watched)
        {
            if (heard.Appended is { } appended)
            {
                HandOnAppended(watched, appended, heard.Position);
            }
            else if (!FeedRound.TryParse(heard.Bytes, out var round))
            {
                LogUnreadable(watched.Name, "no head");
            }
            else if (round.First == FeedRound.OutsideOfSequence)
            {
                HandOnUnsequenced(watched, round.Bodies[0]);
            }
            else if (!TryHandOn(watched, round))
            {
                await UntilItWorksAsync(token => HandOnAsync(watched, round, token), cancellationToken);
            }
        }

        if (Volatile.Read(ref _overflowed) && Interlocked.Read(ref _inboxBytes) == 0)
        {
            Volatile.Write(ref _overflowed, false);
            LogOverflowed();
            await CatchUpAsync(CatchUpWith.All, cancellationToken);
        }
    }

    /// <summary>What was appended here and is not next comes once more, when it is heard.</summary>
    private void HandOnAppended(WatchedChannel watched, IReadOnlyList<LogMessage> appended, ChannelPosition last)
    {
        var offset = last.Offset - appended.Count;
        foreach (var message in appended)
        {
            offset++;
            if (Follows(watched, last.Epoch, offset) && offset > watched.Offset)
            {
                _publisher.Publish(new ChannelFrame(watched.Name, offset, message.Timestamp, message.Message));
                watched.Offset = offset;
            }
        }
    }

    /// <summary>What comes next is handed on, and what has come already is left out: nearly everything. False: there is more to do about it.</summary>
    private bool TryHandOn(WatchedChannel watched, FeedRound round)
    {
        if (!Follows(watched, round.Epoch, round.First))
        {
            return false;
        }

        for (var i = Math.Max(0, watched.Offset - round.First + 1); i < round.Bodies.Count; i++)
        {
            Publish(watched.Name, round.First + i, round.Bodies[(int)i]);
            watched.Offset = round.First + i;
        }

        return true;
    }

    /// <summary>Whether it is next, or has come already.</summary>
    private static bool Follows(WatchedChannel watched, string epoch, long offset) => watched.HasBegun && watched.Epoch == epoch && offset <= watched.Offset + 1;

    private async Task HandOnAsync(WatchedChannel watched, FeedRound round, CancellationToken cancellationToken)
    {
        var before = new ChannelPosition(round.Epoch, round.First - 1);
        watched.Begin(before);
        if (watched.Epoch != round.Epoch)
        {
            Reset(watched, before);
        }

        await CatchUpAsync(watched, before.Offset, cancellationToken);
        TryHandOn(watched, round);
    }

    private void HandOnUnsequenced(WatchedChannel watched, ReadOnlyMemory<byte> body)
    {
        // One that nobody has asked for a position of yet is asked for what it lost as well.
        if (TryDecode(watched.Name, null, body.Span, out var frame)
            && (frame.Message is not GapMessage || (watched.HasBegun && watched.Lose(new ChannelLoss(watched.Offset, frame)))))
        {
            _publisher.Publish(frame);
        }
    }

    /// <summary>Something may have been missed on any channel. Asks where they stand, of many in one call, and reads only what is missing.</summary>
    private async Task CatchUpAsync(CatchUpWith what, CancellationToken cancellationToken)
    {
        WatchedChannel[] all;
        lock (_gate)
        {
            all = [.. _watched.Values.Where(watched => watched.HasBegun)];
        }

        foreach (var some in all.Chunk(ChannelsPerCall))
        {
            await UntilItWorksAsync(token => CatchUpAsync(some, what, token), cancellationToken);
        }
    }

    private async Task CatchUpAsync(WatchedChannel[] some, CatchUpWith what, CancellationToken cancellationToken)
    {
        var states = await AskAsync([.. some.Select(watched => watched.Name)], cancellationToken);
        // A channel that Redis does not know stands where the store has it. In the same epoch it has been idle, and was looked at before.
        bool IsWanted(int index) => what == CatchUpWith.All || some[index].Epoch != states.Epoch;
        var unknown = Enumerable.Range(0, some.Length).Where(index => states.Offsets[index] is null && IsWanted(index)).ToList();
        var stored = await StoredHeadsAsync([.. unknown.Select(index => some[index].Name)], cancellationToken);
        var unheard = new List<WatchedChannel>();
        for (var index = 0; index < some.Length; index++)
        {
            var watched = some[index];
            if ((states.Offsets[index] ?? (IsWanted(index) ? stored[watched.Name] : null)) is not { } offset || Find(watched.Name) != watched)
            {
                continue;
            }

            var position = new ChannelPosition(states.Epoch, offset);
            if (position.Epoch == watched.Epoch && position.Offset < watched.Offset)
            {
                // Redis has older data than were handed on here: offsets would be given twice.
                await LogEpoch.EndAsync(_connection, position.Epoch, position.Epoch, cancellationToken);
                position = await AskPositionAsync(watched.Name, cancellationToken);
            }

            if (position.Epoch != watched.Epoch)
            {
                Reset(watched, position);
            }
            else if (what == CatchUpWith.WhatIsNotHeard && watched.Offset < watched.Seen)
            {
                unheard.Add(watched);
            }

            watched.Seen = position.Offset;
            if (what == CatchUpWith.All)
            {
                await CatchUpAsync(watched, position.Offset, cancellationToken);
            }

            // In its place: after what comes before it.
            if (states.Losses[index] is { } loss && position.Epoch == states.Epoch && watched.Offset >= loss.Offset && watched.Lose(loss))
            {
                _publisher.Publish(loss.Notice);
            }
        }

        if (unheard.Count > 0)
        {
            LogUnheard(unheard.Count);
            _metrics.FeedRepaired(unheard.Count);
            await SubscribeAgainAsync(unheard, cancellationToken);
            await CatchUpAsync([.. unheard], CatchUpWith.All, cancellationToken);
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

    private async Task<ChannelPosition> AskPositionAsync(string channel, CancellationToken cancellationToken) =>
        (await AskStateAsync(channel, cancellationToken)).Position;

    private async Task<(ChannelPosition Position, ChannelLoss? Loss)> AskStateAsync(string channel, CancellationToken cancellationToken)
    {
        var states = await AskAsync([channel], cancellationToken);
        return (new ChannelPosition(states.Epoch, states.Offsets[0] ?? await StoredHeadAsync(channel, cancellationToken)), states.Losses[0]);
    }

    /// <summary>Waits where Redis has just lost data: the writer is about to open a new epoch.</summary>
    private async Task<ChannelStates> AskAsync(string[] channels, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reply = (RedisResult[])(await RedisScript.Position.RunAsync(_connection, channels, cancellationToken))!;
            if (!reply[0].IsNull)
            {
                return new ChannelStates(
                    (string)reply[0]!,
                    [.. channels.Select((_, index) => (long?)reply[1 + (3 * index)])],
                    [.. channels.Select((channel, index) => ReadLoss(channel, (byte[]?)reply[3 + (3 * index)]))]);
            }

            await Task.Delay(_options.RetryDelay, _time, cancellationToken);
        }
    }

    /// <param name="channel">Whose.</param>
    /// <param name="lost">An offset, a blank, and the body of a message.</param>
    private ChannelLoss? ReadLoss(string channel, byte[]? lost)
    {
        var blank = lost.AsSpan().IndexOf((byte)' ');
        return blank > 0 && long.TryParse(lost.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && TryDecode(channel, null, lost.AsSpan(blank + 1), out var notice)
                ? new ChannelLoss(offset, notice)
                : null;
    }

    /// <summary>A channel that Redis does not know is idle: everything is stored.</summary>
    private async Task<long> StoredHeadAsync(string channel, CancellationToken cancellationToken) =>
        (await StoredHeadsAsync([channel], cancellationToken))[channel];

    private async Task<Dictionary<string, long>> StoredHeadsAsync(IReadOnlyCollection<string> channels, CancellationToken cancellationToken)
    {
        var taskIds = channels.Select(channel => Channels.TryGetTaskId(channel, out var taskId) ? taskId : "").Where(taskId => taskId.Length > 0).ToList();
        var heads = taskIds.Count > 0 ? await _store.PeekAsync(taskIds, cancellationToken) : new Dictionary<string, TaskLogHead>();
        return channels.ToDictionary(
            channel => channel,
            channel => Channels.TryGetTaskId(channel, out var taskId) ? heads.GetValueOrDefault(taskId)?.Offset ?? 0 : 0,
            StringComparer.Ordinal);
    }

    /// <summary>Returns when Redis has answered that the channel is heard. Of several who begin to watch, the first one asks.</summary>
    private async Task SubscribeAsync(string channel, CancellationToken cancellationToken)
    {
        Task? answer;
        lock (_gate)
        {
            if (!_subscribed.TryGetValue(channel, out answer) || answer.IsFaulted)
            {
                _subscribed[channel] = answer = _subscriber.SubscribeAsync(LogKeys.PubSub(channel), _receive);
            }
        }

        await answer.WaitAsync(cancellationToken);
    }

    private async Task SubscribeAgainAsync(IReadOnlyList<WatchedChannel> channels, CancellationToken cancellationToken)
    {
        var answers = new List<Task>();
        lock (_gate)
        {
            foreach (var watched in channels.Where(watched => _watched.GetValueOrDefault(watched.Name) == watched))
            {
                answers.Add(_subscribed[watched.Name] = _subscriber.SubscribeAsync(LogKeys.PubSub(watched.Name), _receive));
            }
        }

        await Task.WhenAll(answers).WaitAsync(cancellationToken);
    }

    private void Unsubscribe(string channel)
    {
        lock (_gate)
        {
            // Somebody may have come meanwhile.
            if (!_watched.ContainsKey(channel) && _subscribed.Remove(channel))
            {
                _ = Ignore(_subscriber.UnsubscribeAsync(LogKeys.PubSub(channel)));
            }
        }
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

    private static async Task Ignore(Task answer) => await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static bool IsAway(Exception e) => e is RedisException or TimeoutException or IOException or ObjectDisposedException;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(LogLevel.Warning, "What was missed on a channel cannot be read: {Error} {Reason}; trying again until it can")]
    private partial void LogAway(string error, string reason);

    [LoggerMessage(LogLevel.Warning, "Messages came faster than they were handed on; reading again what was left out")]
    private partial void LogOverflowed();

    [LoggerMessage(LogLevel.Warning, "{Channels} channels were not heard; they are subscribed again, and what was missed is read")]
    private partial void LogUnheard(int channels);

    [LoggerMessage(LogLevel.Error, "A message of {Channel} cannot be read: {Error}")]
    private partial void LogUnreadable(string channel, string error);

    private enum CatchUpWith
    {
        All,

        /// <summary>What has not come since the last look, though it was there then.</summary>
        WhatIsNotHeard,
    }

    /// <summary>Messages; or the news that something may have been missed, or that it is time to look.</summary>
    /// <param name="Channel">Null for news.</param>
    /// <param name="Bytes">As published.</param>
    /// <param name="Appended">What was appended here; null where it was heard.</param>
    /// <param name="Position">Where the last of it stands.</param>
    private readonly record struct Heard(string? Channel, byte[] Bytes, IReadOnlyList<LogMessage>? Appended = null, ChannelPosition Position = default)
    {
        public static Heard Interruption { get; } = new(null, [0]);

        public static Heard Look { get; } = new(null, [1]);

        public int Size => MessageOverheadBytes + Bytes.Length + (Appended?.Sum(message => message.Body.Length) ?? 0);
    }

    /// <param name="Epoch">The same of all.</param>
    /// <param name="Offsets">Of each channel; null where Redis does not know it.</param>
    /// <param name="Losses">What the source of each channel lost at last.</param>
    private sealed record ChannelStates(string Epoch, IReadOnlyList<long?> Offsets, IReadOnlyList<ChannelLoss?> Losses);
}
