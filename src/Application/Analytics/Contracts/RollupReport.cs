namespace GrooteDashboard.Application.Analytics.Contracts;

/// <summary>What came of counting all tasks again.</summary>
/// <param name="Tasks">Tasks that were counted.</param>
/// <param name="Rows">Rows of rollups that were compared or written.</param>
/// <param name="Wrong">Rows that were not what the tasks come to (of a check).</param>
/// <param name="Examples">Some of them.</param>
/// <param name="Rebuilt">Whether the rollups were written again.</param>
public sealed record RollupReport(long Tasks, long Rows, int Wrong, IReadOnlyList<string> Examples, bool Rebuilt);
