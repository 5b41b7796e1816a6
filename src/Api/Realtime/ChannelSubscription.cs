namespace GrooteDashboard.Api.Realtime;

/// <summary>One connection's place in one channel: live, or behind and catching up. Guarded by the channel where nothing else is said.</summary>
internal sealed class ChannelSubscription(HubChannel channel, Connection connection)
{
    private CancellationTokenSource? _ended;

    public HubChannel Channel { get; } = channel;

    public Connection Connection { get; } = connection;

    /// <summary>Those who are handed the same batches as this one.</summary>
    public Cohort Cohort { get; set; } = null!;

    /// <summary>Position in its cohort, so that leaving is O(1).</summary>
    public int Index { get; set; }

    /// <summary>Up to this offset the client was sent everything, or told what is missing. While behind, only its catch-up moves it.</summary>
    public long Cursor { get; set; }

    /// <summary>While behind: why the client will miss what history does not have. Null while live, and once it has left.</summary>
    public string? BehindReason { get; set; }

    /// <summary>How often it fell behind: the number of the catch-up under way.</summary>
    public int CatchUps { get; set; }

    /// <summary>The newest message without an offset since the subscription is behind: nothing else could bring it back.</summary>
    public byte[]? LastNotice { get; set; }

    /// <summary>Cancelled when the client leaves the channel.</summary>
    public CancellationToken Ended => (_ended ??= new CancellationTokenSource()).Token;

    /// <summary>Ends a catch-up under way. To be called after the channel was left, outside of its lock: what is cancelled goes on here and now.</summary>
    public void End() => _ended?.Cancel();
}
