namespace GrooteDashboard.Infrastructure.Persistence.Rollups;

/// <summary>
/// How long a bucket of time is, each a part of the next. Times are UTC. The numbers are in the table. Each level is a few times the one before, so that few buckets fill any range:
/// 30 days take some 20 instead of 55 with hours, days and months alone.
/// </summary>
internal enum RollupLevel : short
{
    /// <summary>Days of every time zone of today begin at a whole one.</summary>
    QuarterHour,
    Hour,

    /// <summary>6 hours.</summary>
    QuarterDay,
    Day,

    /// <summary>From the 1st, 9th, 17th and 25th of a month.</summary>
    QuarterMonth,
    Month,
}

internal static class RollupLevels
{
    private const int MinutesPerQuarterHour = 15;
    private const int HoursPerQuarterDay = 6;
    private const int DaysPerQuarterMonth = 8;

    /// <summary>The last one takes what is left of the month.</summary>
    private const int LastQuarterMonth = 3;

    /// <summary>The beginning of the bucket in which the time is.</summary>
    public static DateTime Floor(this RollupLevel level, DateTime time) => level switch
    {
        RollupLevel.QuarterHour => time.AddTicks(-(time.Ticks % (MinutesPerQuarterHour * TimeSpan.TicksPerMinute))),
        RollupLevel.Hour => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerHour)),
        RollupLevel.QuarterDay => time.AddTicks(-(time.Ticks % (HoursPerQuarterDay * TimeSpan.TicksPerHour))),
        RollupLevel.Day => time.Date,
        RollupLevel.QuarterMonth => Month(time).AddDays(DaysPerQuarterMonth * Math.Min(LastQuarterMonth, (time.Day - 1) / DaysPerQuarterMonth)),
        RollupLevel.Month => Month(time),
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
        RollupLevel.QuarterHour => bucket.AddMinutes(MinutesPerQuarterHour),
        RollupLevel.Hour => bucket.AddHours(1),
        RollupLevel.QuarterDay => bucket.AddHours(HoursPerQuarterDay),
        RollupLevel.Day => bucket.AddDays(1),
        RollupLevel.QuarterMonth when bucket.Day > LastQuarterMonth * DaysPerQuarterMonth => Month(bucket).AddMonths(1),
        RollupLevel.QuarterMonth => bucket.AddDays(DaysPerQuarterMonth),
        RollupLevel.Month => bucket.AddMonths(1),
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
    };

    private static DateTime Month(DateTime time) => new(time.Year, time.Month, 1, 0, 0, 0, DateTimeKind.Utc);
}
