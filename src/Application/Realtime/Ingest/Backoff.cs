namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>Pauses between attempts: doubling, capped, and jittered so that several loops do not knock in step.</summary>
public static class Backoff
{
    /// <param name="attempt">How many attempts have failed before this pause, from 0.</param>
    /// <param name="first">The first pause.</param>
    /// <param name="longest">The longest pause.</param>
    /// <returns>Between half and all of the pause.</returns>
    public static TimeSpan Delay(int attempt, TimeSpan first, TimeSpan longest)
    {
        var doubled = first * Math.Pow(2, Math.Clamp(attempt, 0, 30));
        return (doubled < longest ? doubled : longest) * (0.5 + (Random.Shared.NextDouble() / 2));
    }
}
