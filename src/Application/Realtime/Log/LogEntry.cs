using System.Text.Json;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>Something to be appended to a task's log; the log gives it its offset.</summary>
/// <param name="Timestamp">When it happened.</param>
/// <param name="SourceId">The producer's id of it, at most 255 characters: taken once per task. Null: always taken.</param>
public abstract record LogEntry(DateTimeOffset Timestamp, string? SourceId)
{
    public const int MaxSourceIdLength = 255;

    /// <summary>The store keeps microseconds: what is said live and what is read later are to be the same.</summary>
    public DateTimeOffset StoredTimestamp => Timestamp.AddTicks(-(Timestamp.Ticks % TimeSpan.TicksPerMicrosecond));
}

/// <summary>A piece of output. The log cleans the text (NUL, broken UTF-16) and splits what is over 256 KB.</summary>
/// <param name="Timestamp">When it was written.</param>
/// <param name="SourceId">The producer's id of it.</param>
/// <param name="Kind">One of <see cref="OutputKinds"/>.</param>
/// <param name="Text">The text.</param>
/// <param name="Data">Structured parts (a JSON object), such as a tool's name and input.</param>
public sealed record OutputEntry(DateTimeOffset Timestamp, string? SourceId, string Kind, string Text, JsonElement? Data = null)
    : LogEntry(Timestamp, SourceId)
{
    /// <summary>The text repeats what was streamed: it is taken only if the log holds no row of kind <c>output</c>.</summary>
    public bool IsRepeat { get; init; }
}

/// <summary>A change of the task itself.</summary>
/// <param name="Timestamp">When it changed.</param>
/// <param name="SourceId">The id of the domain event.</param>
/// <param name="Message">What is said to those who watch.</param>
public sealed record StatusEntry(DateTimeOffset Timestamp, string SourceId, TaskStatusMessage Message) : LogEntry(Timestamp, SourceId);
