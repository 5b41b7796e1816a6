using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>A channel that is watched here, and how far it was handed on. Whoever watches begins it; from then on only the feed's loop moves it.</summary>
internal sealed class WatchedChannel(string name)
{
    private readonly Lock _gate = new();
    private ChannelPosition? _position;
    private ChannelLoss? _loss;

    public string Name { get; } = name;

    /// <summary>How many watch it; guarded by the feed.</summary>
    public int Watchers { get; set; }

    /// <summary>Where Redis had it at the last look. Only the feed's loop uses it.</summary>
    public long Seen { get; set; }

    public bool HasBegun
    {
        get
        {
            lock (_gate)
            {
                return _position is not null;
            }
        }
    }

    /// <summary>What its source lost at last, as far as it was heard of here.</summary>
    public ChannelLoss? Loss
    {
        get
        {
            lock (_gate)
            {
                return _loss;
            }
        }
    }

    public string Epoch => Position.Epoch;

    public long Offset
    {
        get => Position.Offset;
        set
        {
            lock (_gate)
            {
                _position = Position with { Offset = value };
            }
        }
    }

    private ChannelPosition Position
    {
        get
        {
            lock (_gate)
            {
                return _position ?? throw new InvalidOperationException($"{Name} has not begun.");
            }
        }
    }

    /// <summary>What comes after this position is handed on. Only the first call counts.</summary>
    public void Begin(ChannelPosition position, ChannelLoss? loss = null)
    {
        lock (_gate)
        {
            _position ??= position;
            _loss ??= loss;
        }
    }

    /// <returns>Whether it is news.</returns>
    public bool Lose(ChannelLoss loss)
    {
        lock (_gate)
        {
            // The same may be heard, and found.
            var isNews = _loss?.Notice != loss.Notice;
            _loss = isNews ? loss : _loss;
            return isNews;
        }
    }

    public void Reset(ChannelPosition position)
    {
        lock (_gate)
        {
            _position = position;
            _loss = null;
        }
    }
}
