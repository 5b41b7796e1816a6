using System.ComponentModel.DataAnnotations;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>Bounds of the log (section <c>TaskLog</c>).</summary>
public sealed class TaskLogOptions
{
    public const string Section = "TaskLog";

    /// <summary>Bytes taken but not yet stored, at most. Beyond it, appends wait.</summary>
    [Range(1 << 20, 1 << 30)]
    public int MaxPendingBytes { get; init; } = 64 << 20;

    /// <summary>Tasks whose head and recent ids are kept in memory.</summary>
    [Range(100, 1_000_000)]
    public int MaxTasksInMemory { get; init; } = 10_000;
}
