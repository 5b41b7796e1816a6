using GrooteDashboard.Domain.Analytics;

namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>What a group of tasks comes to, as screens show it: never NaN, zeros where there is nothing.</summary>
/// <remarks><c>SuccessRate</c>: completed ÷ all, 0 to 1; <c>SuccessRateEnded</c>: completed ÷ those that have ended, 0 to 1; <c>Cost</c>: US dollars;
/// <c>AverageCost</c>: per task; <c>AverageTokens</c>: per task; <c>AverageDurationSeconds</c>: of runs, where it is known;
/// <c>AverageTurnaroundSeconds</c>: from registration to the end, of the tasks that have ended; <c>AverageQueueSeconds</c>: from registration to the
/// start, of the tasks that have begun.</remarks>
public sealed record Figures(
    long Tasks,
    long Queued,
    long Running,
    long WaitingInput,
    long Completed,
    long Failed,
    long Cancelled,
    decimal SuccessRate,
    decimal SuccessRateEnded,
    decimal Cost,
    decimal AverageCost,
    decimal InputTokens,
    decimal OutputTokens,
    decimal TotalTokens,
    decimal AverageTokens,
    decimal AverageDurationSeconds,
    decimal AverageTurnaroundSeconds,
    decimal AverageQueueSeconds)
{
    private const int RateDecimals = 6;
    private const int CostDecimals = 6;
    private const int TokenDecimals = 2;
    private const int SecondsDecimals = 3;

    public static Figures Of(in TaskSums sums) => new(
        sums.Tasks,
        sums.Queued,
        sums.Running,
        sums.WaitingInput,
        sums.Completed,
        sums.Failed,
        sums.Cancelled,
        Ratio(sums.Completed, sums.Tasks, RateDecimals),
        Ratio(sums.Completed, sums.Ended, RateDecimals),
        Plain(sums.CostUsd),
        Ratio(sums.CostUsd, sums.Tasks, CostDecimals),
        Plain(sums.InputTokens),
        Plain(sums.OutputTokens),
        Plain(sums.InputTokens + sums.OutputTokens),
        Ratio(sums.InputTokens + sums.OutputTokens, sums.Tasks, TokenDecimals),
        AverageDuration(sums),
        Ratio(sums.TurnaroundSeconds, sums.TurnaroundCount, SecondsDecimals),
        Ratio(sums.QueueSeconds, sums.QueueCount, SecondsDecimals));

    public static decimal AverageDuration(in TaskSums sums) => Ratio(sums.DurationSeconds, sums.DurationCount, SecondsDecimals);

    /// <summary>0 where there is nothing to divide by.</summary>
    public static decimal Ratio(decimal part, decimal whole, int decimals) => whole == 0 ? 0 : Plain(Math.Round(part / whole, decimals));

    /// <summary>Without zeros at the end, which a decimal keeps from the sums that it comes from.</summary>
    public static decimal Plain(decimal value) => value / 1.0000000000000000000000000000m;
}

/// <summary>Nearest-rank percentiles, within 1 % (<see cref="LogHistogram"/>); null where there is no value.</summary>
/// <remarks><c>Count</c>: how many values there are.</remarks>
public sealed record Percentiles(long Count, double? P50, double? P90, double? P95, double? P99)
{
    private const int SignificantDigits = 6;

    public static Percentiles Of(LogHistogram histogram) => new(
        histogram.Count, Shown(histogram.Quantile(0.5)), Shown(histogram.Quantile(0.9)), Shown(histogram.Quantile(0.95)), Shown(histogram.Quantile(0.99)));

    /// <summary>More digits would say more than is known.</summary>
    private static double? Shown(double? value)
    {
        if (value is not { } number || number == 0)
        {
            return value;
        }

        var decimals = Math.Clamp(SignificantDigits - 1 - (int)Math.Floor(Math.Log10(number)), 0, 15);
        return Math.Round(number, decimals);
    }
}

/// <summary>How much one range differs from another: (now − before) ÷ before, null where there was nothing before; of the success rate the difference.</summary>
public sealed record Change(
    decimal? Tasks, decimal? Cost, decimal? TotalTokens, decimal? AverageCost, decimal SuccessRate, decimal? AverageDurationSeconds)
{
    private const int Decimals = 6;

    public static Change Between(Figures before, Figures now) => new(
        Of(before.Tasks, now.Tasks),
        Of(before.Cost, now.Cost),
        Of(before.TotalTokens, now.TotalTokens),
        Of(before.AverageCost, now.AverageCost),
        now.SuccessRate - before.SuccessRate,
        Of(before.AverageDurationSeconds, now.AverageDurationSeconds));

    private static decimal? Of(decimal before, decimal now) => before == 0 ? null : Figures.Ratio(now - before, before, Decimals);
}
