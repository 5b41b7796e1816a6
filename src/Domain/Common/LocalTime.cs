using System.Text.RegularExpressions;

namespace GrooteDashboard.Domain.Common;

/// <summary>Time zones by name, and moments by what the clocks of a zone show.</summary>
public static partial class LocalTime
{
    /// <summary>Clocks are changed by whole quarters.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(15);

    /// <summary>A zone by its IANA name; null where there is none.</summary>
    public static TimeZoneInfo? FindZone(string name) =>
        name == "UTC" ? TimeZoneInfo.Utc
        // The name becomes a path.
        : ZoneName().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone
        : null;

    /// <summary>A local time as a moment. Of a time that is twice the first; of one that is skipped the first after it.</summary>
    public static DateTimeOffset ToUtc(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local))
        {
            local += Step;
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    [GeneratedRegex(@"^[A-Za-z0-9_+\-]{1,40}(/[A-Za-z0-9_+\-]{1,40}){0,2}\z")]
    private static partial Regex ZoneName();
}
