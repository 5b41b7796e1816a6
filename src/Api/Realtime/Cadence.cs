using System.Diagnostics;

namespace GrooteDashboard.Api.Realtime;

/// <summary>
/// When a channel hands out, and to how many of its cohorts. Messages come in rounds; with each round so many cohorts have their turn as have rested since the last
/// one: writes are spread evenly, and are as many as the rest allows. After a quiet spell all have rested. Times are timestamps, costs and rests their ticks.
/// Guarded by the channel.
/// </summary>
internal sealed class Cadence(TimeSpan maxBatchDelay)
{
    /// <summary>
    /// The rest is so many times what a hand-out to the whole audience costs, up to twice <see cref="RealtimeOptions.MaxBatchDelay"/>. A small audience
    /// sees everything at once, and a large one does not take the machine away from the others. Where several messages come per millisecond nobody reads them one by
    /// one: there it is longer, by the square of their number. And where one core could not write every message by itself, in that proportion. Neither is a
    /// reason to rest longer than <see cref="RealtimeOptions.MaxBatchDelay"/>.
    /// </summary>
    private const double RestPerCost = 2;

    /// <summary>Per millisecond.</summary>
    private const double ManyMessages = 2;

    /// <summary>The weight of the last round in what is known of how much comes.</summary>
    private const double Recent = 1.0 / 8;

    /// <summary>A round that has not come in twice the time is not waited for: then there is a turn without one.</summary>
    private const double Patience = 2;

    private static readonly double TicksToMilliseconds = 1_000.0 / Stopwatch.Frequency;

    private readonly double _maxRest = maxBatchDelay.TotalSeconds * Stopwatch.Frequency;

    // When the last round began, how many messages came since, how far rounds are apart lately, and how many messages come per millisecond.
    private long _cameAt;
    private int _came;
    private double _apart;
    private double _messages;

    // When the last turn was, and how many cohorts have rested since theirs: below zero, one had its turn a little early.
    private long _turnAt;
    private double _rested;

    /// <summary>What comes within half a millisecond comes in one round.</summary>
    public static long RoundLength { get; } = Stopwatch.Frequency / 2_000;

    /// <summary>When there is a turn at the latest, as long as something waits.</summary>
    public long Latest => _turnAt + (long)(_apart * Patience);

    /// <summary>A message came. True: the first of a round.</summary>
    public bool Came(long now)
    {
        var sinceLast = now - _cameAt;
        _came++;
        if (sinceLast <= RoundLength)
        {
            return false;
        }

        _messages += ((_came / (sinceLast * TicksToMilliseconds)) - _messages) * Recent;
        // A pause says nothing about rounds.
        _apart += (Math.Min(sinceLast, _maxRest) - _apart) * Recent;
        (_cameAt, _came) = (now, 0);
        return true;
    }

    /// <summary>
    /// There is a turn. With a round those who have nearly rested have it, too. Without one they wait: they would be resting when the round comes.
    /// </summary>
    /// <param name="now">When.</param>
    /// <param name="hasRound">Whether a round of messages has come.</param>
    /// <param name="cohorts">How many cohorts there are.</param>
    /// <param name="cost">What it costs to write to all of them.</param>
    /// <returns>How many of them have it: those who have rested longest.</returns>
    public int Turn(long now, bool hasRound, int cohorts, double cost)
    {
        _rested = Math.Min(cohorts, _rested + (cohorts * (now - _turnAt) / Rest(cost)));
        _turnAt = now;
        var turns = (int)(hasRound ? Math.Round(_rested) : _rested);
        _rested -= turns;
        return turns;
    }

    /// <summary>All had their turn.</summary>
    public void Reset(long now) => (_turnAt, _rested) = (now, 0);

    private double Rest(double cost)
    {
        var many = _messages < ManyMessages ? 1 : _messages * _messages;
        var cores = _messages * TicksToMilliseconds * cost;
        var rest = Math.Min(RestPerCost * cost, 2 * _maxRest);
        return Math.Max(1, Math.Max(rest, Math.Min(rest * Math.Max(many, cores), _maxRest)));
    }
}
