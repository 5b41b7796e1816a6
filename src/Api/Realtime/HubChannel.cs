using System.Diagnostics;
using System.Runtime.InteropServices;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// A channel that somebody watches. One lock makes publishing, joining, catching up and leaving one sequence. What is published is collected, and
/// handed out to a cohort of subscribers as one: at once after a quiet spell, else a little later, so that what costs most, the writes to sockets, are few.
/// </summary>
internal sealed class HubChannel(string name, Pump pump, RealtimeOptions options, CatchUp catchUp, RealtimeMetrics metrics)
{
    private const int MaxCollectedBytes = 64 << 10;

    private readonly Cadence _cadence = new(options.MaxBatchDelay);
    private readonly Lock _gate = new();
    private readonly List<Cohort> _cohorts = [];
    private readonly RecentFrames _recent = new();
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

    // Of all cohorts; and the one that had its turn last.
    private int _subscriptions;
    private int _turn;

    // Whether a round of messages has come that nobody had a turn with.
    private bool _hasRound;

    public string Name { get; } = name;

    /// <summary>When the pump lets it hand out next (a timestamp): the pump's own.</summary>
    public long Due { get; set; } = long.MaxValue;

    /// <summary>What it costs to write to all.</summary>
    private double Cost => pump.WriteCost * _subscriptions;

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
            Add(subscription);
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
            Remove(subscription);
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
            if (_subscriptions == 0)
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

    /// <summary>Hands out to the cohorts whose turn it is. Only the channel's pump calls it.</summary>
    /// <param name="started">Gets the connections that have to be written to.</param>
    public void HandOut(List<Connection> started)
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            if (_hasRound || _cadence.Latest <= now)
            {
                var turns = _cadence.Turn(now, _hasRound, _cohorts.Count, Cost);
                _hasRound = false;
                for (; turns > 0; turns--)
                {
                    _turn = (_turn + 1) % _cohorts.Count;
                    Deliver(_cohorts[_turn], started);
                }
            }

            if (_cohorts.Exists(cohort => cohort.Collected.Count > 0))
            {
                pump.Schedule(this, _cadence.Latest);
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
            foreach (var cohort in _cohorts)
            {
                foreach (var subscription in cohort.Subscriptions)
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
            foreach (var cohort in _cohorts)
            {
                foreach (var subscription in cohort.Subscriptions)
                {
                    FallBehind(subscription, GapReasons.HistoryLost);
                }
            }
        }

        _head = frame.Offset ?? _head;
        Remember(frame);
        var bytes = 0;
        foreach (var cohort in _cohorts)
        {
            bytes = Math.Max(bytes, cohort.Collect(frame));
        }

        var isFirst = _cadence.Came(frame.PublishedAt);
        if (bytes >= MaxCollectedBytes)
        {
            HandOut();
        }
        else if (isFirst && !_hasRound)
        {
            // What comes with it comes along.
            _hasRound = true;
            pump.ScheduleWithRound(this, frame.PublishedAt + Cadence.RoundLength);
        }
        else if (!_hasRound)
        {
            pump.Schedule(this, _cadence.Latest);
        }
    }

    /// <summary>Where there is room. What was collected is handed out before: all cohorts are where the channel is.</summary>
    private void Add(ChannelSubscription subscription)
    {
        var cohort = _cohorts.Find(cohort => !cohort.IsFull);
        if (cohort is null)
        {
            _cohorts.Add(cohort = new Cohort());
        }

        cohort.Add(subscription);
        _subscriptions++;
    }

    private void Remove(ChannelSubscription subscription)
    {
        var cohort = subscription.Cohort;
        cohort.Remove(subscription);
        _subscriptions--;
        if (_subscriptions == 0)
        {
            _cohorts.Clear();
        }
        else if (_subscriptions <= (_cohorts.Count - 1) * Cohort.MaxSize / 2)
        {
            // Half as many cohorts would do: one less, so that not each of few has its own.
            HandOut();
            _cohorts.Remove(cohort);
            foreach (var moved in cohort.Subscriptions)
            {
                _subscriptions--;
                Add(moved);
            }
        }
    }

    /// <summary>Hands out what was collected, now: what follows needs everyone to be where the channel is.</summary>
    private void HandOut()
    {
        if (_cohorts.Exists(cohort => cohort.Collected.Count > 0))
        {
            var started = new List<Connection>();
            foreach (var cohort in _cohorts)
            {
                Deliver(cohort, started);
            }

            _cadence.Reset(Stopwatch.GetTimestamp());
            pump.Write(CollectionsMarshal.AsSpan(started));
        }
    }

    private void Deliver(Cohort cohort, List<Connection> started)
    {
        var collected = cohort.Collected;
        if (collected.Count == 0)
        {
            return;
        }

        var plain = HubFrame.Join(collected);
        HubFrame? deflated = null;
        var notice = collected.FindLast(frame => frame.Offset is null).Bytes;
        var isRemembered = _behind > 0;
        foreach (var subscription in cohort.Subscriptions)
        {
            if (subscription.BehindReason is null)
            {
                var batch = subscription.Connection.IsCompressed ? deflated ??= HubFrame.Join([.. collected.Select(frame => frame.Deflated())]) : plain;
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

        // Who is behind now needs what it did not take; what came while others were is remembered already.
        for (var i = 0; !isRemembered && i < collected.Count; i++)
        {
            Remember(collected[i]);
        }

        cohort.HandedOut();
    }

    private void DeliverLatest(in HubFrame frame)
    {
        foreach (var cohort in _cohorts)
        {
            foreach (var subscription in cohort.Subscriptions)
            {
                // Always taken: what waits is replaced.
                subscription.Connection.TryOffer(frame, out var hasStarted);
                if (hasStarted)
                {
                    pump.Write(subscription.Connection);
                }
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
