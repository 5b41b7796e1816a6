using GrooteDashboard.Application.Analytics.Contracts;
using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.Application.Analytics;

/// <summary>A range of time, as it is asked for and as it is read.</summary>
/// <param name="From">In it.</param>
/// <param name="To">Not in it any more.</param>
/// <param name="ReadTo">Where reading ends. Nothing has been created after now: what ends now, or later, is read to the end of the month, which is few sums.</param>
public readonly record struct TimeRange(DateTimeOffset From, DateTimeOffset To, DateTimeOffset ReadTo)
{
    /// <summary>No task is older.</summary>
    public static readonly DateTimeOffset Beginning = new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    public static TimeRange Of(AnalyticsScope scope, DateTimeOffset now, TimeSpan length)
    {
        var to = scope.To ?? now;
        var from = scope.From ?? (scope.To is null ? StartOfQuarter(to - length) : to - length);
        return new TimeRange(from, to, to < now ? to : EndOfMonth(to));
    }

    /// <summary>Of everything where nothing is said.</summary>
    public static TimeRange OfAll(AnalyticsScope scope, DateTimeOffset now) => Of(scope with { From = scope.From ?? Beginning }, now, TimeSpan.Zero);

    /// <summary>The end of the month, in UTC, in which or with which a time is over.</summary>
    public static DateTimeOffset EndOfMonth(DateTimeOffset time)
    {
        var last = time.UtcDateTime.AddTicks(-1);
        return new DateTimeOffset(last.Year, last.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
    }

    /// <summary>Where nobody says where a range begins, it begins where no task has to be read by itself.</summary>
    private static DateTimeOffset StartOfQuarter(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % Quarter.Ticks), TimeSpan.Zero);

    /// <summary>The time of the same length before.</summary>
    public TimeRange Before() => new(From - (To - From), From, From);

    /// <summary>Hours that have passed of it.</summary>
    public decimal Hours(DateTimeOffset now)
    {
        var end = To < now ? To : now;
        return end <= From ? 0 : (decimal)(end - From).TotalHours;
    }
}

/// <summary>Where buckets of time begin in a time zone.</summary>
public static class Calendar
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(15);

    /// <summary>Longest bucket of each period, to know how many a range has at least.</summary>
    public static TimeSpan LengthOf(Period period) => period switch
    {
        Period.QuarterHour => Step,
        Period.Hour => TimeSpan.FromHours(1),
        Period.Day => TimeSpan.FromDays(1),
        Period.Week => TimeSpan.FromDays(7),
        _ => TimeSpan.FromDays(31),
    };

    /// <summary>The beginnings of the buckets that the range touches: the first is at or before it.</summary>
    public static IReadOnlyList<DateTimeOffset> Starts(DateTimeOffset from, DateTimeOffset to, Period period, TimeZoneInfo zone)
    {
        var starts = new List<DateTimeOffset>();
        if (period is Period.QuarterHour or Period.Hour)
        {
            var length = LengthOf(period);
            // Hours begin where the zone's do when the range begins.
            var offset = zone.GetUtcOffset(from).Ticks;
            for (var ticks = from.UtcTicks - Modulo(from.UtcTicks + offset, length.Ticks); ticks < to.UtcTicks; ticks += length.Ticks)
            {
                starts.Add(new DateTimeOffset(ticks, TimeSpan.Zero));
            }

            return starts;
        }

        for (var day = StartOf(TimeZoneInfo.ConvertTime(from, zone).Date, period); LocalTime.ToUtc(day, zone) < to; day = Next(day, period))
        {
            starts.Add(LocalTime.ToUtc(day, zone));
        }

        return starts;
    }

    /// <summary>The boundaries of what is read: the range's own, and the beginnings of buckets in between.</summary>
    public static IReadOnlyList<DateTimeOffset> Boundaries(TimeRange range, IReadOnlyList<DateTimeOffset> starts) =>
        [range.From, .. starts.Skip(1), range.ReadTo];

    /// <summary>The first moment of the day in which a time is.</summary>
    public static DateTimeOffset Midnight(DateTimeOffset time, TimeZoneInfo zone) => LocalTime.ToUtc(TimeZoneInfo.ConvertTime(time, zone).Date, zone);

    private static DateTime StartOf(DateTime day, Period period) => period switch
    {
        Period.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        Period.Month => new DateTime(day.Year, day.Month, 1),
        _ => day,
    };

    private static DateTime Next(DateTime day, Period period) => period switch
    {
        Period.Week => day.AddDays(7),
        Period.Month => day.AddMonths(1),
        _ => day.AddDays(1),
    };

    private static long Modulo(long value, long by) => ((value % by) + by) % by;
}
