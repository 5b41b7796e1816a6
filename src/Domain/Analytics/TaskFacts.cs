using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Domain.Analytics;

/// <summary>What analytics know of one task. A name that is not known is empty.</summary>
/// <param name="CreatedAt">All of a task's figures count at the time at which it was created.</param>
/// <param name="Agent">The assigned agent.</param>
/// <param name="AgentType">The agent's type.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Model">The language model.</param>
/// <param name="Status">The status.</param>
/// <param name="User">Who asked.</param>
/// <param name="CostUsd">US dollars; null where it was not reported.</param>
/// <param name="InputTokens">Tokens read by the model.</param>
/// <param name="OutputTokens">Tokens written by the model.</param>
/// <param name="Duration">Seconds of the run: as reported, else completed − started. In whole microseconds, as the others.</param>
/// <param name="Turnaround">Seconds from registration to the end.</param>
/// <param name="QueueTime">Seconds from registration to the start.</param>
public readonly record struct TaskFacts(
    DateTimeOffset CreatedAt,
    string Agent,
    string AgentType,
    string Source,
    string Model,
    AgentTaskStatus Status,
    string User,
    decimal? CostUsd,
    long InputTokens,
    long OutputTokens,
    decimal? Duration,
    decimal? Turnaround,
    decimal? QueueTime)
{
    /// <summary>Decimals of a cost that count; sums of more would not be exact.</summary>
    public const int CostDecimals = 12;

    private const int SecondsDecimals = 6;

    /// <summary>The seconds between two times, not negative: clocks of several machines differ.</summary>
    public static decimal? Between(DateTimeOffset? from, DateTimeOffset? to) =>
        to - from is { } time ? Math.Max(0, time.Ticks / TimeSpan.TicksPerMicrosecond) / 1_000_000m : null;

    /// <summary>Seconds that were reported.</summary>
    public static decimal? Seconds(double? reported) => reported is { } seconds ? decimal.Round((decimal)seconds, SecondsDecimals) : null;
}
