using GrooteDashboard.DemoEngine.Scenarios;

namespace GrooteDashboard.DemoEngine;

/// <summary>The path that live output takes. The documents name pub/sub; the existing engine's code uses the stream.</summary>
internal enum LivePath
{
    Mixed,
    PubSub,
    Stream,
}

internal sealed record EngineOptions
{
    public required Uri DashboardUrl { get; init; }
    public required RedisUrl RedisUrl { get; init; }
    public required double TasksPerMinute { get; init; }
    public required double Speed { get; init; }
    public required int MaxConcurrent { get; init; }
    public required int Seed { get; init; }
    public required LivePath LivePath { get; init; }

    /// <summary>Run this one and end.</summary>
    public Scenario? Once { get; init; }
    public string? TaskId { get; init; }
    public Outcome Outcome { get; init; }
}
