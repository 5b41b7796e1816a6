using System.Collections.Concurrent;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// Channels and the connections that watch them. A message is encoded once, when somebody watches its channel, and its frame is put into the outbox
/// of everyone who does: publishing never waits for a client. Pumps write what waits in outboxes.
/// </summary>
/// <param name="feed">Found late: it publishes through this hub.</param>
/// <param name="options">Bounds.</param>
/// <param name="catchUp">For subscriptions that are behind.</param>
/// <param name="fanout">Writes to connections.</param>
/// <param name="connections">Those that are open.</param>
/// <param name="metrics">What is counted.</param>
internal sealed class RealtimeHub(
    Lazy<IChannelFeed> feed, IOptions<RealtimeOptions> options, CatchUp catchUp, Fanout fanout, ConnectionRegistry connections, RealtimeMetrics metrics)
    : IRealtimePublisher, IRealtimeStatistics
{
    /// <summary>Clients that wait longer than this would show their users an outage.</summary>
    private const int MaxReconnectWithinSeconds = 60;

    /// <summary>So many are dismissed at once where that takes less than the whole window: a few clients need no spreading.</summary>
    private const int MinDismissedAtOnce = 10;

    private static readonly TimeSpan DrainStep = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, HubChannel> _channels = new(StringComparer.Ordinal);
    private int _admitted;
    private int _subscriptions;
    private volatile byte[] _draining = ServerMessages.Draining(options.Value.ReconnectWithinSeconds);
    private volatile bool _isDraining;

    /// <summary>Open connections, those in their opening handshake included.</summary>
    public int Connections => Volatile.Read(ref _admitted);

    /// <summary>Sessions of clients: each has one connection.</summary>
    public int Sessions => Connections;

    /// <summary>Channels watched, summed over connections.</summary>
    public int Subscriptions => Volatile.Read(ref _subscriptions);

    /// <summary>Channels that somebody watches.</summary>
    public int Channels => _channels.Count;

    public long? JoinsOf(string channel) => _channels.TryGetValue(channel, out var watched) ? watched.Joins : null;

    public void Publish(in ChannelFrame frame)
    {
        if (_channels.TryGetValue(frame.Channel, out var channel))
        {
            channel.Publish(frame);
        }
    }

    public void EndRound() => fanout.EndRound();

    public void ChannelReset(string channel, ChannelPosition position)
    {
        if (_channels.TryGetValue(channel, out var watched))
        {
            watched.Reset(position);
        }
    }

    /// <summary>Takes a place for one more connection, until <see cref="Leave"/>; false where there is none, or while shutting down.</summary>
    public bool TryAdmit()
    {
        if (Interlocked.Increment(ref _admitted) <= options.Value.MaxConnections && !_isDraining)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _admitted);

    public void Add(Connection connection)
    {
        connections.Add(connection);
        metrics.Connected();
        if (_isDraining)
        {
            Dismiss(connection);
        }
    }

    /// <summary>The client is somebody else now, or what it may do ends at another time.</summary>
    public void LookAfter(Connection connection) => connections.LookAfter(connection);

    /// <summary>Ends the connection's subscriptions; costs what the connection had, however many others there are.</summary>
    public void Remove(Connection connection)
    {
        foreach (var subscription in connection.Subscriptions)
        {
            End(subscription);
        }

        connection.Subscriptions.Clear();
        connections.Remove(connection);
    }

    /// <summary>
    /// Answers <c>subscribed</c> with a position, and delivers everything after it: what the client missed since the position that it names, then
    /// what happens. The channel is there before its position is read: what is published meanwhile is not missed.
    /// </summary>
    public async ValueTask SubscribeAsync(Connection connection, string channelName, ChannelPosition? since)
    {
        var channel = Retain(channelName);
        ChannelPosition? agreed = null;
        try
        {
            await channel.WatchAsync(feed.Value);
            if (since is { } position && channel.IsBehind(position))
            {
                agreed = await AgreeAsync(channelName);
            }
        }
        catch
        {
            Release(channel);
            throw;
        }

        var subscription = new ChannelSubscription(channel, connection);
        connection.Subscriptions.Add(subscription);
        Interlocked.Increment(ref _subscriptions);
        metrics.SubscriptionsChanged(1);
        channel.Join(subscription, since, agreed, feed.Value);
    }

    public void Unsubscribe(Connection connection, string channelName)
    {
        if (connection.Subscriptions.FindIndex(subscription => subscription.Channel.Name == channelName) is >= 0 and var index)
        {
            var subscription = connection.Subscriptions[index];
            connection.Subscriptions.RemoveAt(index);
            End(subscription);
        }
    }

    /// <summary>
    /// Takes no new clients, and asks those who are here to come back elsewhere: a few at a time, and within a time that is longer for many,
    /// so that whoever takes them in does not get all of them at once.
    /// </summary>
    public async Task DrainAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        _isDraining = true;
        var open = connections.All();
        _draining = ServerMessages.Draining(Math.Min(
            Math.Max(options.Value.ReconnectWithinSeconds, open.Count / options.Value.ReconnectsPerSecond), MaxReconnectWithinSeconds));
        var steps = (int)(options.Value.DrainWindow / DrainStep) + 1;
        var atOnce = Math.Max(MinDismissedAtOnce, (open.Count + steps - 1) / steps);
        foreach (var some in open.Chunk(atOnce))
        {
            foreach (var connection in some)
            {
                Dismiss(connection);
            }

            await Task.Delay(DrainStep, time, cancellationToken);
        }
    }

    /// <summary>Ends what is still open, without a word.</summary>
    public void AbortAll()
    {
        foreach (var connection in connections.All())
        {
            connection.Abort();
        }
    }

    /// <summary>What all instances agree on. Waits for it: while that cannot be asked, nothing is to be said of a client that knows more.</summary>
    private async Task<ChannelPosition> AgreeAsync(string channel)
    {
        using var timeout = new CancellationTokenSource(options.Value.SubscribeTimeout);
        try
        {
            return await feed.Value.WatchAsync(channel, timeout.Token);
        }
        finally
        {
            feed.Value.Unwatch(channel);
        }
    }

    private void Dismiss(Connection connection) => connection.Dismiss(_draining);

    private void End(ChannelSubscription subscription)
    {
        subscription.Channel.Leave(subscription);
        subscription.End();
        Release(subscription.Channel);
        Interlocked.Decrement(ref _subscriptions);
        metrics.SubscriptionsChanged(-1);
    }

    private HubChannel Retain(string name)
    {
        while (true)
        {
            var channel = _channels.GetOrAdd(name, static (name, hub) => hub.CreateChannel(name), this);
            if (channel.TryRetain())
            {
                return channel;
            }
        }
    }

    private HubChannel CreateChannel(string name) => new(name, fanout.Next(), options.Value, catchUp, metrics);

    private void Release(HubChannel channel)
    {
        if (channel.Release(feed.Value))
        {
            _channels.TryRemove(KeyValuePair.Create(channel.Name, channel));
        }
    }
}
