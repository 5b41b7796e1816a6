namespace GrooteDashboard.Domain.Tasks;

/// <summary>What a run cost. Null means not reported yet.</summary>
/// <param name="CostUsd">US dollars, not negative.</param>
/// <param name="InputTokens">Tokens read by the model.</param>
/// <param name="OutputTokens">Tokens written by the model.</param>
/// <param name="DurationSeconds">Seconds of the run, as the engine reports it.</param>
public sealed record TaskFigures(decimal? CostUsd = null, long? InputTokens = null, long? OutputTokens = null, double? DurationSeconds = null)
{
    public const decimal MaxCostUsd = 1_000_000m;
    public const long MaxTokens = 1_000_000_000_000;
    public const double MaxDurationSeconds = 366d * 24 * 3600;

    public static TaskFigures None { get; } = new();

    /// <summary>The sentence that says what is wrong, or null where every figure is within its bounds.</summary>
    public string? Violation() => this switch
    {
        { CostUsd: < 0 or > MaxCostUsd } => $"cost_usd must be between 0 and {MaxCostUsd}",
        { InputTokens: < 0 or > MaxTokens } => $"input_tokens must be between 0 and {MaxTokens}",
        { OutputTokens: < 0 or > MaxTokens } => $"output_tokens must be between 0 and {MaxTokens}",
        { DurationSeconds: { } seconds } when !double.IsFinite(seconds) || seconds is < 0 or > MaxDurationSeconds =>
            $"duration_seconds must be between 0 and {MaxDurationSeconds}",
        _ => null,
    };
}
