namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>The true time, until a test says that it is later. Timers and durations are true all the while.</summary>
internal sealed class MovableClock : TimeProvider
{
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
}
