using System.Text.Json.Serialization;
using GrooteDashboard.Application.Common;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>A task as a row of a list.</summary>
public record TaskSummary
{
    public const int InputPreviewLength = 200;

    public required string TaskId { get; init; }

    public required string SessionId { get; init; }

    public required string UserId { get; init; }

    public required AgentTaskStatus Status { get; init; }

    /// <summary>Whether the status may still turn out to be a failure.</summary>
    public required bool Provisional { get; init; }

    public required string? AssignedAgent { get; init; }

    public required string AgentType { get; init; }

    public required string Source { get; init; }

    /// <summary>The language model; null where it is not known.</summary>
    public required string? Model { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Time of the newest entry of the log; only while the task is not final.</summary>
    public DateTimeOffset? LastOutputAt { get; init; }

    public required decimal CostUsd { get; init; }

    public required long InputTokens { get; init; }

    public required long OutputTokens { get; init; }

    /// <summary>Seconds of the run: as the engine reports it, else completed_at − started_at.</summary>
    public required double? DurationSeconds { get; init; }

    /// <summary>Seconds from registration to the end: completed_at − created_at.</summary>
    public required double? TurnaroundSeconds { get; init; }

    /// <summary>In lists the first 200 characters.</summary>
    public required string InputMessage { get; init; }

    public required string? ConversationId { get; init; }

    public required string? FlowId { get; init; }

    public required string? ParentTaskId { get; init; }

    /// <summary>When a person stopped it; null where nobody did.</summary>
    public required DateTimeOffset? StopRequestedAt { get; init; }

    /// <summary>When it was certain that nothing runs any more. Null though a person stopped it: the engine has not said so yet.</summary>
    public required DateTimeOffset? StopConfirmedAt { get; init; }

    /// <summary>Grows with every change of the task.</summary>
    public required int Version { get; init; }
}

/// <summary>A task with everything that is known of it; its log is read on its own.</summary>
public sealed record TaskDetails : TaskSummary
{
    /// <summary>The output as one text: what was streamed as kind <c>output</c>, at most the last 1,000,000 characters.</summary>
    public string OutputStream { get; init; } = "";

    /// <summary>Whether <see cref="OutputStream"/> leaves out a beginning; the whole is at <c>/output.txt</c>.</summary>
    public bool OutputTruncated { get; init; }

    public required string? Result { get; init; }

    public required string? Error { get; init; }

    /// <summary>A JSON object.</summary>
    [JsonConverter(typeof(RawJsonConverter))]
    public required string SourceMetadata { get; init; }

    /// <summary>Whoever has read this misses nothing by subscribing from here.</summary>
    public LogPosition? LogPosition { get; init; }

    /// <summary>Head of the task's log.</summary>
    public long LastOffset => LogPosition?.Offset ?? 0;

    private sealed class Mapping : OutwardProfile
    {
        /// <summary>The members that need more than a name; the rest maps by name.</summary>
        public Mapping() => CreateMap<AgentTask, TaskDetails>()
            .ForMember(d => d.Provisional, o => o.MapFrom(s => s.ProvisionalUntil != null))
            .ForMember(d => d.LastOutputAt, o => o.Ignore())
            .ForMember(d => d.CostUsd, o => o.MapFrom(s => s.CostUsd ?? 0m))
            .ForMember(d => d.InputTokens, o => o.MapFrom(s => s.InputTokens ?? 0L))
            .ForMember(d => d.OutputTokens, o => o.MapFrom(s => s.OutputTokens ?? 0L))
            .ForMember(d => d.DurationSeconds, o => o.MapFrom(s =>
                s.DurationSeconds ?? (s.CompletedAt != null && s.StartedAt != null ? (double?)(s.CompletedAt.Value - s.StartedAt.Value).TotalSeconds : null)))
            .ForMember(d => d.TurnaroundSeconds, o => o.MapFrom(s =>
                s.CompletedAt != null ? (double?)(s.CompletedAt.Value - s.CreatedAt).TotalSeconds : null))
            .ForMember(d => d.OutputStream, o => o.Ignore())
            .ForMember(d => d.OutputTruncated, o => o.Ignore())
            .ForMember(d => d.LogPosition, o => o.Ignore());
    }
}
