using System.Diagnostics;
using System.Runtime.InteropServices;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// A channel that somebody watches. One lock makes publishing, joining, catching up and leaving one sequence. What is published is collected, and
/// handed out to all subscribers as one: at once after a quiet spell, else a little later, so that what costs most, the writes to sockets, are few.
/// </summary>
internal sealed class HubChannel(string name, Pump pump, RealtimeOptions options, CatchUp catchUp, RealtimeMetrics metrics)
{
    private const int MaxCollectedBytes = 64 << 10;

    /// <summary>
    /// Between two hand-outs the channel rests for so many times what a hand-out costs, up to twice <see cref="RealtimeOptions.MaxBatchDelay"/>. A small audience
    /// sees everything at once, and a large one does not take the machine away from the others. Where several messages come per millisecond nobody reads them one by
    /// one: there it rests longer, by the square of their number. And where one core could not write every message by itself, in that proportion. Neither is a
    /// reason to rest longer than <see cref="RealtimeOptions.MaxBatchDelay"/>.
    /// </summary>
    private const double RestPerCost = 1.5;

    private static readonly double TicksToMilliseconds = 1_000.0 / Stopwatch.Frequency;

    /// <summary>Per millisecond.</summary>
    private const double ManyMessages = 2;

    /// <summary>What comes within half a millisecond comes in one round, in ticks of timestamps.</summary>
    private static readonly long RoundLength = Stopwatch.Frequency / 2_000;

    /// <summary>The weight of the last hand-out in what is known of how much comes.</summary>
    private const double Recent = 1.0 / 8;

    private readonly long _maxRest = (long)(options.MaxBatchDelay.TotalSeconds * Stopwatch.Frequency);
    private readonly Lock _gate = new();
    private readonly List<ChannelSubscription> _subscriptions = [];
    private readonly RecentFrames _recent = new();
    private readonly List<HubFrame> _collected = [];
    private readonly bool _isSequenced = Channels.IsSequenced(name);

    // Subscriptions, and those on their way to one. At none the channel is retired for good.
    private int _users;
    private bool _isRetired;
    private long _joins;
    private TaskCompletionSource? _watching;
    private string _epoch = "";
    private long _head;
    private int _behind;
    private int _resets;
    private int _collectedBytes;
    private long _handedOutAt;

    // Per millisecond, lately.
    private double _messages;
    private bool _isScheduled;
    private long _due;

    // Messages come in rounds: when the last one began, and how far they are apart lately, in ticks of timestamps.
    private long _cameAt;
    private double _apart;

    public string Name { get; } = name;

    /// <summary>How often somebody began to watch it.</summary>
    public long Joins => Volatile.Read(ref _joins);

    /// <summary>Keeps the channel alive until <see cref="Release"/>; false if it is retired already.</summary>
    public bool TryRetain()
    {
        lock (_gate)
        {
            _users += _isRetired ? 0 : 1;
            return !_isRetired;
        }
    }

    /// <summary>True: nobody uses the channel any more.</summary>
    public bool Release(IChannelFeed feed)
    {
        lock (_gate)
        {
            _isRetired = --_users == 0;
            if (!_isRetired || _watching is null)
            {
                return _isRetired;
            }
        }

        feed.Unwatch(Name);
        return true;
    }

    /// <summary>Completes when the channel's messages come in and its position is known. The first user asks for it, the others wait for the same answer.</summary>
    public Task WatchAsync(IChannelFeed feed)
    {
        TaskCompletionSource begun;
        lock (_gate)
        {
            if (_watching is not null)
            {
                return _watching.Task;
            }

            begun = _watching = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return BeginWatchingAsync(feed, begun);
    }

    /// <summary>Whether the client knows more of the channel than was heard here: it comes from another instance, or from nowhere.</summary>
    public bool IsBehind(in ChannelPosition since)
    {
        lock (_gate)
        {
            return since.Epoch == _epoch && since.Offset > _head;
        }
    }

    /// <summary>
    /// Tells the client where it stands and lets it have everything after that. Both under the lock under which messages are published,
    /// so that nothing is between them, and nothing twice.
    /// </summary>
    /// <param name="subscription">The client's place in the channel.</param>
    /// <param name="since">The position that it has.</param>
    /// <param name="agreed">What all instances agree on, where that was asked.</param>
    /// <param name="feed">Knows what the source has lost.</param>
    public void Join(ChannelSubscription subscription, ChannelPosition? since, ChannelPosition? agreed, IChannelFeed feed)
    {
        lock (_gate)
        {
            HandOut();
            _joins++;
            subscription.Index = _subscriptions.Count;
            _subscriptions.Add(subscription);
            subscription.Cursor = _head;
            var head = agreed is { } known && known.Epoch == _epoch ? Math.Max(known.Offset, _head) : _head;
            if (since is not { } from || !_isSequenced)
            {
                Welcome(subscription, since is null ? null : false);
            }
            else if (from.Epoch != _epoch || from.Offset > head)
            {
                // Offsets of another history say nothing about this one: all of it is news.
                WelcomeAfresh(subscription, 1, GapReasons.HistoryLost);
            }
            else if (head - from.Offset > options.MaxRecoverMessages)
            {
                WelcomeAfresh(subscription, from.Offset + 1, GapReasons.TooFarBehind);
            }
            else
            {
                subscription.Cursor = from.Offset;
                Welcome(subscription, true);
                metrics.Recovered(Math.Max(0, _head - from.Offset));
                if (from.Offset != _head)
                {
                    FallBehind(subscription, GapReasons.HistoryLost);
                }
            }

            // Asked under the lock: what is said later is published to this subscription.
            if (_isSequenced && since is { } had && feed.LastLoss(Name) is { } loss && (had.Epoch != _epoch || had.Offset <= loss.Offset))
            {
                TellLoss(subscription, ServerMessages.Encode(loss.Notice));
            }
        }
    }

    public void Leave(ChannelSubscription subscription)
    {
        lock (_gate)
        {
            var last = _subscriptions[^1];
            _subscriptions[subscription.Index] = last;
            last.Index = subscription.Index;
            _subscriptions.RemoveAt(_subscriptions.Count - 1);
            if (subscription.BehindReason is not null)
            {
                NoLongerBehind(subscription);
            }
        }
    }

    public void Publish(in ChannelFrame message)
    {
        lock (_gate)
        {
            if (_subscriptions.Count == 0)
            {
                _head = Math.Max(_head, message.Offset ?? 0);
                return;
            }

            var frame = new HubFrame(ServerMessages.Encode(message), message.Offset, ServerMessages.LatestKey(message), Stopwatch.GetTimestamp());
            metrics.Encoded();
            if (frame.LatestKey is not null)
            {
                DeliverLatest(frame);
            }
            else if (frame.Offset <= _head)
            {
                // Everybody has it, or reads it from history: there it may be missing still.
                Remember(frame);
            }
            else
            {
                Collect(frame);
            }
        }
    }

    /// <summary>Hands out what was collected. Only the channel's pump calls it.</summary>
    /// <param name="started">Gets the connections that have to be written to.</param>
    public void HandOut(List<Connection> started)
    {
        lock (_gate)
        {
            if (_due <= Stopwatch.GetTimestamp())
            {
                Deliver(started);
            }
        }
    }

    /// <summary>
    /// The channel's history was lost. What was read of it is forgotten, and every client is told, as one that comes back from another epoch is.
    /// </summary>
    public void Reset(ChannelPosition position)
    {
        lock (_gate)
        {
            HandOut();
            _resets++;
            _epoch = position.Epoch;
            _head = position.Offset;
            _recent.Clear();
            foreach (var subscription in _subscriptions)
            {
                if (subscription.BehindReason is not null)
                {
                    NoLongerBehind(subscription);
                }

                subscription.Cursor = _head;
                WelcomeAfresh(subscription, 1, GapReasons.HistoryLost);
            }
        }
    }

    /// <summary>Lets a subscription that is behind have what was read for it, and what is kept here, as far as there is room.</summary>
    /// <param name="subscription">Who is behind.</param>
    /// <param name="catchUp">The number of the catch-up that has read: one of a history that was lost meanwhile has nothing more to say.</param>
    /// <param name="portion">What was read.</param>
    public CatchUpState Advance(ChannelSubscription subscription, int catchUp, in HistoryPortion portion)
    {
        lock (_gate)
        {
            HandOut();
            if (subscription.BehindReason is not { } reason || subscription.CatchUps != catchUp)
            {
                return CatchUpState.Over;
            }

            // Who cannot keep up gets a part of it: the work for one client is bounded. Half, else the next message would be too much again.
            var isTooFar = _head - subscription.Cursor > options.MaxCatchUpMessages;
            if ((isTooFar && !TrySkip(subscription, _head - (options.MaxCatchUpMessages / 2), GapReasons.SlowConsumer))
                || (portion.FirstKept > subscription.Cursor + 1 && subscription.Cursor < _head && !TrySkip(subscription, Math.Min(portion.FirstKept - 1, _head), reason))
                || !TryQueue(subscription, portion.Frames)
                || !TryQueue(subscription, _recent.After(subscription.Cursor)))
            {
                return CatchUpState.NeedsRoom;
            }

            if (subscription.Cursor != _head)
            {
                // History may be newer than what was heard here.
                return subscription.Cursor < _head ? CatchUpState.NeedsHistory : CatchUpState.IsAhead;
            }

            if (subscription.LastNotice is { } notice && !subscription.Connection.TryRefill(new HubFrame(notice, null, null, 0)))
            {
                return CatchUpState.NeedsRoom;
            }

            NoLongerBehind(subscription);
            return CatchUpState.Over;
        }
    }

    private async Task BeginWatchingAsync(IChannelFeed feed, TaskCompletionSource begun)
    {
        try
        {
            using var timeout = new CancellationTokenSource(options.SubscribeTimeout);
            int resets;
            lock (_gate)
            {
                resets = _resets;
            }

            var position = await feed.WatchAsync(Name, timeout.Token);
            lock (_gate)
            {
                // Messages may have come meanwhile; or the position may hold one that is about to come. One from before a reset is void.
                if (resets == _resets)
                {
                    _epoch = position.Epoch;
                    _head = Math.Max(_head, position.Offset);
                }
            }

            begun.SetResult();
        }
        catch (Exception e)
        {
            feed.Unwatch(Name);
            lock (_gate)
            {
                _watching = null;
            }

            begun.SetException(e);
        }

        await begun.Task;
    }

    private void Welcome(ChannelSubscription subscription, bool? recovered) =>
        subscription.Connection.Send(ServerMessages.Subscribed(Name, new ChannelPosition(_epoch, subscription.Cursor), recovered));

    private void WelcomeAfresh(ChannelSubscription subscription, long firstMissing, string reason)
    {
        Welcome(subscription, false);
        subscription.Connection.Send(ServerMessages.Gap(Name, firstMissing, _head, reason));
        metrics.NotRecovered(reason);
        metrics.Gap(reason);
    }

    /// <summary>After everything that comes before it.</summary>
    private static void TellLoss(ChannelSubscription subscription, byte[] notice)
    {
        if (subscription.BehindReason is null)
        {
            subscription.Connection.Send(notice);
        }
        else
        {
            subscription.LastNotice = notice;
        }
    }

    private void Collect(in HubFrame frame)
    {
        if (frame.Offset > _head + 1)
        {
            // What comes with a hole before it is read later, by everyone.
            HandOut();
            foreach (var subscription in _subscriptions)
            {
                FallBehind(subscription, GapReasons.HistoryLost);
            }
        }

        _head = frame.Offset ?? _head;
        _collected.Add(frame);
        _collectedBytes += frame.Bytes.Length;
        if (_collectedBytes >= MaxCollectedBytes)
        {
            HandOut();
        }
        else
        {
            Schedule(frame.PublishedAt);
        }
    }

    /// <summary>
    /// Hands out after the rest, but with the round of messages that is nearest to its end: between two rounds nothing comes for which it would be worth to keep
    /// the last one waiting.
    /// </summary>
    private void Schedule(long now)
    {
        var sinceLast = now - _cameAt;
        var isNewRound = sinceLast > RoundLength;
        if (isNewRound)
        {
            _cameAt = now;
            // A pause says nothing about rounds.
            _apart += (Math.Min(sinceLast, _maxRest) - _apart) * Recent;
        }

        if (!_isScheduled)
        {
            _isScheduled = true;
            _due = _handedOutAt + Rest();
            pump.Schedule(this, _due + HalfApart());
        }

        if (isNewRound && _due > now && _due - HalfApart() <= now)
        {
            // What came with it comes along.
            _due = now;
            pump.Schedule(this, now + RoundLength);
        }
    }

    private long Rest()
    {
        var cost = pump.WriteCost * _subscriptions.Count;
        var many = _messages < ManyMessages ? 1 : _messages * _messages;
        var cores = _messages * TicksToMilliseconds * cost;
        var rest = Math.Min(RestPerCost * cost, 2 * _maxRest);
        return (long)Math.Max(rest, Math.Min(rest * Math.Max(many, cores), _maxRest));
    }

    /// <summary>Half of what is between two rounds; nothing where hand-outs are not much further apart than they are.</summary>
    private long HalfApart() => _apart < _due - _handedOutAt ? (long)(_apart / 2) : 0;

    /// <summary>Hands out what was collected, now: what follows needs everyone to be where the channel is.</summary>
    private void HandOut()
    {
        if (_collected.Count > 0)
        {
            var started = new List<Connection>();
            Deliver(started);
            pump.Write(CollectionsMarshal.AsSpan(started));
        }
    }

    private void Deliver(List<Connection> started)
    {
        if (_collected.Count == 0)
        {
            return;
        }

        var plain = HubFrame.Join(_collected);
        HubFrame? deflated = null;
        var notice = _collected.FindLast(frame => frame.Offset is null).Bytes;
        foreach (var subscription in _subscriptions)
        {
            if (subscription.BehindReason is null)
            {
                var batch = subscription.Connection.IsCompressed ? deflated ??= HubFrame.Join([.. _collected.Select(frame => frame.Deflated())]) : plain;
                if (subscription.Connection.TryOffer(batch, out var hasStarted))
                {
                    subscription.Cursor = batch.Offset ?? subscription.Cursor;
                    if (hasStarted)
                    {
                        started.Add(subscription.Connection);
                    }

                    continue;
                }

                FallBehind(subscription, GapReasons.SlowConsumer);
            }

            // Messages of the sequence are read later. The others nothing could bring back.
            if (notice is not null)
            {
                metrics.Dropped(GapReasons.SlowConsumer, subscription.LastNotice is null ? 0 : 1);
                subscription.LastNotice = notice;
            }
        }

        foreach (var frame in _collected)
        {
            Remember(frame);
        }

        var now = Stopwatch.GetTimestamp();
        _messages += ((_collected.Count / Stopwatch.GetElapsedTime(_handedOutAt, now).TotalMilliseconds) - _messages) * Recent;
        _collected.Clear();
        _collectedBytes = 0;
        _handedOutAt = now;
        _isScheduled = false;
    }

    private void DeliverLatest(in HubFrame frame)
    {
        foreach (var subscription in _subscriptions)
        {
            // Always taken: what waits is replaced.
            subscription.Connection.TryOffer(frame, out var hasStarted);
            if (hasStarted)
            {
                pump.Write(subscription.Connection);
            }
        }
    }

    private void Remember(in HubFrame frame)
    {
        if (_behind > 0 && frame.Offset is not null)
        {
            _recent.Add(frame);
        }
    }

    private void FallBehind(ChannelSubscription subscription, string reason)
    {
        if (subscription.BehindReason is not null)
        {
            return;
        }

        _behind++;
        subscription.BehindReason = reason;
        subscription.CatchUps++;
        catchUp.Start(subscription);
    }

    private void NoLongerBehind(ChannelSubscription subscription)
    {
        subscription.BehindReason = null;
        subscription.LastNotice = null;
        if (--_behind == 0)
        {
            _recent.Clear();
        }
    }

    private bool TrySkip(ChannelSubscription subscription, long to, string reason)
    {
        var from = subscription.Cursor + 1;
        if (!subscription.Connection.TryRefill(new HubFrame(ServerMessages.Gap(Name, from, to, reason), null, null, 0)))
        {
            return false;
        }

        subscription.Cursor = to;
        metrics.Dropped(reason, to - from + 1);
        metrics.Gap(reason);
        return true;
    }

    /// <summary>Queues what comes next of these. False: there was no room for all of it.</summary>
    private static bool TryQueue(ChannelSubscription subscription, IEnumerable<HubFrame> frames)
    {
        foreach (var frame in frames.SkipWhile(frame => frame.Offset <= subscription.Cursor))
        {
            if (frame.Offset != subscription.Cursor + 1)
            {
                break;
            }

            if (!subscription.Connection.TryRefill(frame))
            {
                return false;
            }

            subscription.Cursor++;
        }

        return true;
    }
}
