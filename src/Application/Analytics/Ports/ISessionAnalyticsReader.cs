using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.Application.Analytics.Ports;

/// <summary>What sessions come to.</summary>
public interface ISessionAnalyticsReader
{
    /// <summary>Those that were opened in each bucket: <c>i</c> is from the i-th boundary until before the next. Reads every session of the range.</summary>
    Task<IReadOnlyList<SessionSums>> ReadAsync(IReadOnlyList<DateTimeOffset> boundaries, CancellationToken cancellationToken);
}

/// <summary>The sessions of a bucket.</summary>
public sealed class SessionSums
{
    /// <summary>Seconds of those that have ended.</summary>
    public LogHistogram Durations { get; } = new();

    public long Sessions { get; private set; }

    /// <summary>Those that are open.</summary>
    public long Active { get; private set; }

    public decimal DurationSeconds { get; private set; }

    /// <param name="seconds">How long it lasted; null while it is open.</param>
    public void Add(decimal? seconds)
    {
        Sessions++;
        if (seconds is { } length)
        {
            DurationSeconds += length;
            Durations.Add((double)length, 1);
        }
        else
        {
            Active++;
        }
    }

    public void Add(SessionSums other)
    {
        Sessions += other.Sessions;
        Active += other.Active;
        DurationSeconds += other.DurationSeconds;
        Durations.Add(other.Durations);
    }
}
