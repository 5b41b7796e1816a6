using System.Diagnostics;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime;

/// <summary>A channel that somebody watches. One lock makes publishing, joining and leaving one sequence.</summary>
internal sealed class HubChannel(string name, RealtimeMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly List<ChannelSubscription> _subscriptions = [];

    // Subscriptions, and those on their way to one. At none the channel is retired for good.
    private int _users;
    private bool _isRetired;
    private long _head;

    public string Name { get; } = name;

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
    public bool Release()
    {
        lock (_gate)
        {
            return _isRetired = --_users == 0;
        }
    }

    /// <summary>
    /// Tells the client where the channel stands and lets it have everything after that. Both under the lock under which messages are published,
    /// so that nothing is between them, and nothing twice.
    /// </summary>
    public void Join(ChannelSubscription subscription, ChannelPosition loaded)
    {
        lock (_gate)
        {
            // Messages may have come while the position was read; or the position may hold one that is about to come.
            _head = Math.Max(_head, loaded.Offset);
            subscription.After = _head;
            subscription.Index = _subscriptions.Count;
            _subscriptions.Add(subscription);
            subscription.Connection.Send(ServerMessages.Subscribed(Name, loaded with { Offset = _head }));
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
        }
    }

    public void Publish(in ChannelFrame message)
    {
        lock (_gate)
        {
            var offset = message.Offset;
            _head = Math.Max(_head, offset ?? 0);
            if (_subscriptions.Count == 0)
            {
                return;
            }

            var frame = new HubFrame(ServerMessages.Encode(message), offset, ServerMessages.LatestKey(message), Stopwatch.GetTimestamp());
            metrics.Encoded();
            foreach (var subscription in _subscriptions)
            {
                if (offset is null || offset > subscription.After)
                {
                    subscription.Connection.Offer(subscription, frame);
                }
            }
        }
    }
}
