namespace GrooteDashboard.DemoEngine;

/// <summary>A language model and its price in dollars per million tokens.</summary>
internal sealed record Model(string Name, decimal InputPrice, decimal OutputPrice, int TokensPerSecond)
{
    public static readonly Model Opus = new("claude-opus-4-1", 15m, 75m, 45);
    public static readonly Model Sonnet = new("claude-sonnet-4-5", 3m, 15m, 70);
    public static readonly Model Haiku = new("claude-haiku-4-5", 1m, 5m, 140);
}
