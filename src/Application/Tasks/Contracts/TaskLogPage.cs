using System.Text.Json;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>An entry of a task's log as it is read.</summary>
/// <param name="Offset">Its place, from 1.</param>
/// <param name="Type"><c>output</c> or <c>status</c>.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Kind">Kind of output.</param>
/// <param name="Output">The text.</param>
/// <param name="Data">Structured parts of output, figures of a status.</param>
/// <param name="Status">The status after the change.</param>
/// <param name="Previous">The status before it.</param>
public sealed record TaskLogEntry(
    long Offset,
    string Type,
    DateTimeOffset Timestamp,
    string? Kind,
    string? Output,
    JsonElement? Data,
    AgentTaskStatus? Status,
    AgentTaskStatus? Previous);

/// <summary>Entries of a log in the order of their offsets.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Entries">The entries.</param>
/// <param name="LastOffset">Offset of the newest stored entry.</param>
/// <param name="HasMore">Whether there are more in the direction that was read.</param>
/// <param name="Position">The live channel goes on from here.</param>
public sealed record TaskLogPage(string TaskId, IReadOnlyList<TaskLogEntry> Entries, long LastOffset, bool HasMore, LogPosition? Position = null);

/// <summary>A place in the live channel of a task: subscribing from there misses nothing.</summary>
public sealed record LogPosition(string Channel, string Epoch, long Offset);

/// <summary>Which part of a log is read.</summary>
/// <param name="After">Entries with a greater offset, ascending from it.</param>
/// <param name="Before">Entries with a smaller offset: the last <paramref name="Limit"/> of them.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Kinds">Only output of these kinds (and then no status); null for everything.</param>
public sealed record TaskLogRange(long? After, long? Before, int Limit, IReadOnlyList<string>? Kinds)
{
    public const int MaxLimit = 5_000;
}
