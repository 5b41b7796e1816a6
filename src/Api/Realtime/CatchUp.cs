using System.Diagnostics.CodeAnalysis;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Where a catch-up stands after a step.</summary>
internal enum CatchUpState
{
    /// <summary>The subscription is live again, or nobody's any more.</summary>
    Over,

    /// <summary>There is more, for which the outbox has no room.</summary>
    NeedsRoom,

    /// <summary>What comes next has to be read.</summary>
    NeedsHistory,

    /// <summary>The client has more than was heard here yet: in a moment it will have been.</summary>
    IsAhead,
}

/// <summary>A part of a channel's past as ready frames.</summary>
/// <param name="Frames">Frames one after the other.</param>
/// <param name="FirstKept">What is before this offset is lost.</param>
internal readonly record struct HistoryPortion(IReadOnlyList<HubFrame> Frames, long FirstKept)
{
    public static HistoryPortion None { get; } = new([], 0);
}

/// <summary>
/// Brings subscriptions that are behind back to live: reads what is missing in portions that the client's outbox has room for, and hands them to
/// the channel, which knows when the subscription has arrived. A task for each subscription that is behind; those of one connection take turns,
/// so that one long past does not hold up the others.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore whose handle is never used holds nothing")]
internal sealed partial class CatchUp(
    Lazy<IChannelFeed> feed, IOptions<RealtimeOptions> options, RealtimeMetrics metrics, TimeProvider time, ILogger<CatchUp> logger)
{
    private const int FirstLimit = 128;
    private const int MinLimit = 16;
    private const int MaxLimit = 1_024;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly RealtimeOptions _options = options.Value;

    // A thousand clients that come back at once must not take the store away from everyone else.
    private readonly SemaphoreSlim _reads = new(options.Value.MaxHistoryReads);

    /// <summary>Called under the channel's lock: everything happens elsewhere.</summary>
    public void Start(ChannelSubscription subscription)
    {
        var (ended, number) = (subscription.Ended, subscription.CatchUps);
        metrics.CatchUpStarted();
        _ = Task.Run(() => RunAsync(subscription, number, ended), CancellationToken.None);
    }

    private async Task RunAsync(ChannelSubscription subscription, int number, CancellationToken cancellationToken)
    {
        try
        {
            var (limit, wait, waitingSince) = (FirstLimit, FirstWait, 0L);
            while (true)
            {
                var before = subscription.Cursor;
                var isGivenUp = waitingSince != 0 && time.GetElapsedTime(waitingSince) >= _options.CatchUpTimeout;
                var (state, hasRead) = await TakeTurnAsync(subscription, number, limit, isGivenUp, cancellationToken);
                if (state == CatchUpState.Over)
                {
                    return;
                }

                if (subscription.Cursor != before || state == CatchUpState.NeedsRoom)
                {
                    var taken = (int)Math.Min(subscription.Cursor - before, MaxLimit);
                    limit = state == CatchUpState.NeedsRoom ? Math.Max(taken, MinLimit) : Math.Min(limit * 2, MaxLimit);
                    (wait, waitingSince) = (FirstWait, 0);
                    continue;
                }

                if (state == CatchUpState.IsAhead)
                {
                    await Task.Delay(FirstWait, time, cancellationToken);
                    continue;
                }

                // Published, but not readable for the moment. Only what could be read and is not there is given up in the end.
                waitingSince = !hasRead ? 0 : waitingSince == 0 ? time.GetTimestamp() : waitingSince;
                await Task.Delay(wait, time, cancellationToken);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client has left the channel.
        }
        finally
        {
            metrics.CatchUpFinished();
        }
    }

    /// <summary>As much of the subscription as the outbox has room for, or one portion.</summary>
    private async Task<(CatchUpState State, bool HasRead)> TakeTurnAsync(
        ChannelSubscription subscription, int number, int limit, bool isGivenUp, CancellationToken cancellationToken)
    {
        var turn = subscription.Connection.CatchUpTurn;
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (!await subscription.Connection.WaitForRoomAsync().WaitAsync(cancellationToken))
            {
                return (CatchUpState.Over, false);
            }

            var state = subscription.Channel.Advance(subscription, number, HistoryPortion.None);
            if (state != CatchUpState.NeedsHistory)
            {
                return (state, false);
            }

            if (await TryReadAsync(subscription, limit, cancellationToken) is not { } portion)
            {
                return (state, false);
            }

            var isMissing = isGivenUp && portion.Frames.Count == 0;
            return (subscription.Channel.Advance(subscription, number, isMissing ? portion with { FirstKept = long.MaxValue } : portion), true);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<HistoryPortion?> TryReadAsync(ChannelSubscription subscription, int limit, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.SubscribeTimeout);
        try
        {
            await _reads.WaitAsync(deadline.Token);
            try
            {
                var history = await feed.Value.ReadAsync(subscription.Channel.Name, subscription.Cursor, limit, deadline.Token);
                return Encode(history);
            }
            finally
            {
                _reads.Release();
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.HistoryFailed();
            LogReadFailed(logger, e, subscription.Channel.Name);
            return null;
        }
    }

    private HistoryPortion Encode(ChannelHistory history)
    {
        var frames = new List<HubFrame>(history.Frames.Count);
        var bytes = 0;
        foreach (var message in history.Frames)
        {
            // For more there is no room anyway: it is read again.
            if (bytes > _options.OutboxBytes / 2)
            {
                break;
            }

            frames.Add(new HubFrame(ServerMessages.Encode(message), message.Offset, null, 0));
            bytes += frames[^1].Bytes.Length;
        }

        metrics.EncodedFromHistory(frames.Count);
        return new HistoryPortion(frames, history.FirstKept);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The history of channel {Channel} cannot be read; it is tried again")]
    private static partial void LogReadFailed(ILogger logger, Exception exception, string channel);
}
