namespace GrooteDashboard.Api.Realtime;

/// <summary>One connection's place in one channel.</summary>
internal sealed class ChannelSubscription(HubChannel channel, Connection connection)
{
    public HubChannel Channel { get; } = channel;

    public Connection Connection { get; } = connection;

    /// <summary>Position in the channel's list, so that leaving is O(1). Guarded by the channel.</summary>
    public int Index { get; set; }

    /// <summary>The offset that the client was told: only what is newer is sent. Guarded by the channel.</summary>
    public long After { get; set; }

    /// <summary>What was dropped since the outbox was full. Guarded by the outbox.</summary>
    public MissedRange? Missed { get; set; }
}

/// <summary>What one subscription did not get.</summary>
internal sealed class MissedRange
{
    /// <summary>First and last missing offset, 0 while only messages without one are missing.</summary>
    public long From { get; private set; }

    public long To { get; private set; }

    /// <summary>The newest message without an offset: it follows the gap, because nothing else could bring it back.</summary>
    public byte[]? LastNotice { get; private set; }

    public void Add(in HubFrame frame)
    {
        if (frame.Offset is { } offset)
        {
            From = From == 0 ? offset : From;
            To = offset;
        }
        else
        {
            LastNotice = frame.Bytes;
        }
    }
}
