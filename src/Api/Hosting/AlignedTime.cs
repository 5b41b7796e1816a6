namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// The system's time, with timers of half a second and more that end on ticks which all of them share, a little later than asked. Every wake-up of an idle process
/// costs as much as what it then does: a score of loops that each look once a second wake it twice a second, and not a score of times.
/// </summary>
internal sealed class AlignedTime : TimeProvider
{
    /// <summary>How much later a timer may end, in milliseconds.</summary>
    public const int Tick = 500;

    /// <summary>How much earlier it may end: what began on a tick, worked, and rests until the next one still meets it.</summary>
    public const int Slack = 50;

    /// <summary>Shorter ones are meant as they are.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.5);

    /// <summary>Longer ones wake nobody often.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>When a timer ends that is due so long after a moment: on a tick, where it is a long one.</summary>
    /// <param name="now">Milliseconds, as <see cref="Environment.TickCount64"/> counts them.</param>
    /// <param name="dueTime">The time asked for; <see cref="Timeout.InfiniteTimeSpan"/> is never.</param>
    public static TimeSpan Align(long now, TimeSpan dueTime)
    {
        if (dueTime < Shortest || dueTime > Longest)
        {
            return dueTime;
        }

        var end = now + (long)Math.Ceiling(dueTime.TotalMilliseconds);
        var past = end % Tick;
        return TimeSpan.FromMilliseconds(end - now - past + (past <= Slack ? 0 : Tick));
    }

    /// <summary>A timer that is changed later is not aligned: those are deadlines, which hardly ever end.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Align(Environment.TickCount64, dueTime), period);
}
