using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Ports;

/// <summary>Where the hub gets its channels from: what happens now through <see cref="IRealtimePublisher"/>, and what happened before on request.</summary>
public interface IChannelFeed : IChannelPositions
{
    /// <summary>
    /// From now on every message of the channel is handed to <see cref="IRealtimePublisher"/>: all that have a greater offset than the answer,
    /// perhaps some that have not. Each call, also one that failed, is to be paired with one of <see cref="Unwatch"/>; calls are counted.
    /// </summary>
    ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken);

    /// <summary>Nobody watches the channel here any more.</summary>
    void Unwatch(string channel);

    /// <summary>
    /// Messages with an offset greater than <paramref name="after"/>, in order, at most <paramref name="limit"/>. None, though some were published:
    /// they cannot be read yet.
    /// </summary>
    ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// What the source of a watched channel lost at last, null where nothing is known: for whoever was not there when it was said. What is not known
    /// here yet is told later, through <see cref="IRealtimePublisher"/>.
    /// </summary>
    ChannelLoss? LastLoss(string channel);
}

/// <summary>Something that never reached the sequence.</summary>
/// <param name="Offset">What was lost belongs before or after the message with this offset, not later: whoever knows a later one was told.</param>
/// <param name="Notice">What says so.</param>
public sealed record ChannelLoss(long Offset, ChannelFrame Notice);

/// <summary>A part of a channel's past.</summary>
/// <param name="Frames">The messages, in the order of their offsets, without a hole between them.</param>
/// <param name="FirstKept">
/// The first offset that can still be read. Greater than the offset asked for plus one: what lies between is lost to this feed.
/// </param>
public sealed record ChannelHistory(IReadOnlyList<ChannelFrame> Frames, long FirstKept);
