namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>What all tasks come to, and those of today.</summary>
/// <param name="TodayCost">Of the tasks created since midnight in the zone.</param>
/// <param name="TodayTasks">How many those are.</param>
/// <param name="TotalCost">Of the range.</param>
/// <param name="TotalTasks">Of the range.</param>
/// <param name="From">Null where it is of all times.</param>
/// <param name="To">Not in it any more.</param>
/// <param name="Zone">In which days begin.</param>
/// <param name="Figures">Of the range.</param>
/// <param name="Today">Since midnight.</param>
/// <param name="TodayBefore">Yesterday until this time of day.</param>
/// <param name="Previous">The time of the same length before the range; null where it has no beginning.</param>
/// <param name="Change">From then to the range.</param>
/// <param name="TodayChange">From yesterday to today.</param>
public sealed record Summary(
    decimal TodayCost,
    long TodayTasks,
    decimal TotalCost,
    long TotalTasks,
    DateTimeOffset? From,
    DateTimeOffset To,
    string Zone,
    Figures Figures,
    Figures Today,
    Figures TodayBefore,
    Figures? Previous,
    Change? Change,
    Change TodayChange)
{
    /// <summary>The same figures, at another time.</summary>
    public Summary AsOf(DateTimeOffset time) => this with { To = time };
}
