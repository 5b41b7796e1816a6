using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>What a message asks for. A message may ask for several things, in order.</summary>
internal abstract record IngestStep;

/// <summary>Append to the log of a task.</summary>
internal sealed record AppendStep(string TaskId, OutputEntry Entry) : IngestStep;

/// <summary>Output from the stream that either was streamed or repeats at the end what was streamed.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Entry">The output.</param>
/// <param name="WrittenAt">When Redis took the entry.</param>
internal sealed record OutputEventStep(string TaskId, OutputEntry Entry, DateTimeOffset WrittenAt) : IngestStep;

internal sealed record RegisterStep(RegisterTaskCommand Command) : IngestStep;

/// <param name="Command">What is reported.</param>
/// <param name="EndsStream">The engine is done streaming: what it says afterwards repeats.</param>
internal sealed record ReportStep(ReportTaskCommand Command, bool EndsStream = false) : IngestStep;

internal sealed record CliStep(bool Active) : IngestStep;

/// <summary>The message, or a part of it, is not taken.</summary>
internal sealed record RejectStep(IngestOutcome Outcome, string Reason) : IngestStep;
