namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>How long a bucket of time is. Times are UTC.</summary>
internal enum RollupLevel : short
{
    /// <summary>15 minutes: days of every time zone of today begin at a whole quarter.</summary>
    Quarter,
    Hour,
    Day,
    Month,
}

internal static class RollupLevels
{
    /// <summary>The beginning of the bucket in which the time is.</summary>
    public static DateTime Floor(this RollupLevel level, DateTime time) => level switch
    {
        RollupLevel.Quarter => time.AddTicks(-(time.Ticks % (15 * TimeSpan.TicksPerMinute))),
        RollupLevel.Hour => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerHour)),
        RollupLevel.Day => time.Date,
        RollupLevel.Month => new DateTime(time.Year, time.Month, 1, 0, 0, 0, DateTimeKind.Utc),
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
    };

    /// <summary>The first beginning of a bucket at or after the time.</summary>
    public static DateTime Ceiling(this RollupLevel level, DateTime time)
    {
        var floor = level.Floor(time);
        return floor == time ? time : level.Next(floor);
    }

    /// <summary>The beginning of the bucket after the one that begins then.</summary>
    public static DateTime Next(this RollupLevel level, DateTime bucket) => level switch
    {
        RollupLevel.Quarter => bucket.AddMinutes(15),
        RollupLevel.Hour => bucket.AddHours(1),
        RollupLevel.Day => bucket.AddDays(1),
        RollupLevel.Month => bucket.AddMonths(1),
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
    };
}
