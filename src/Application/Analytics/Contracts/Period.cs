namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>How long a bucket of a chart is, in a time zone.</summary>
public enum Period
{
    QuarterHour,
    Hour,
    Day,

    /// <summary>From Monday.</summary>
    Week,
    Month,
}
