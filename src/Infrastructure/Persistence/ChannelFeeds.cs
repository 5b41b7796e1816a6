using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>The channels of conversations have a sequence of their own; all others are the log's.</summary>
internal sealed class ChannelFeeds(IChannelFeed log, IChannelFeed conversations) : IChannelFeed
{
    public ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken) => Of(channel).WatchAsync(channel, cancellationToken);

    public void Unwatch(string channel) => Of(channel).Unwatch(channel);

    public ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken) =>
        Of(channel).ReadAsync(channel, after, limit, cancellationToken);

    public ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken) => Of(channel).GetAsync(channel, cancellationToken);

    public ChannelLoss? LastLoss(string channel) => Of(channel).LastLoss(channel);

    private IChannelFeed Of(string channel) => Channels.TryGetConversationId(channel, out _) ? conversations : log;
}
