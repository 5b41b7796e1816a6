using System.Runtime.InteropServices;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Some of a channel's subscribers: those who are handed the same batches, and what was collected for them. Guarded by the channel.</summary>
internal sealed class Cohort
{
    /// <summary>To write to so many takes a millisecond, about: what the last of them waits for the others.</summary>
    public const int MaxSize = 192;

    private readonly List<ChannelSubscription> _subscriptions = [];
    private readonly List<HubFrame> _collected = [];
    private int _bytes;

    public bool IsFull => _subscriptions.Count >= MaxSize;

    public ReadOnlySpan<ChannelSubscription> Subscriptions => CollectionsMarshal.AsSpan(_subscriptions);

    /// <summary>What its subscribers have not got yet, in order.</summary>
    public List<HubFrame> Collected => _collected;

    public void Add(ChannelSubscription subscription)
    {
        (subscription.Cohort, subscription.Index) = (this, _subscriptions.Count);
        _subscriptions.Add(subscription);
    }

    public void Remove(ChannelSubscription subscription)
    {
        var last = _subscriptions[^1];
        _subscriptions[subscription.Index] = last;
        last.Index = subscription.Index;
        _subscriptions.RemoveAt(_subscriptions.Count - 1);
    }

    /// <summary>The bytes that wait now.</summary>
    public int Collect(in HubFrame frame)
    {
        _collected.Add(frame);
        return _bytes += frame.Bytes.Length;
    }

    public void HandedOut()
    {
        _collected.Clear();
        _bytes = 0;
    }
}
