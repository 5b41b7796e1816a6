using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Common;
using GrooteDashboard.Domain.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Which part of a log is read.</summary>
internal sealed record GetTaskLogRequest(
    [property: Description("Entries after this offset, ascending"), FromQuery(Name = "after")] string? After,
    [property: Description("The last entries before this offset"), FromQuery(Name = "before")] string? Before,
    [property: Description("This many entries from the end"), FromQuery(Name = "tail")] string? Tail,
    [property: Description("1 to 5000, 1000 unless told"), FromQuery(Name = "limit")] string? Limit,
    [property: Description("Only output of these kinds, separated by commas"), FromQuery(Name = "kinds")] string? Kinds)
{
    private const int DefaultLimit = 1_000;

    public GetTaskLogQuery ToQuery(string taskId) => new(
        taskId,
        QueryValues.Integer("after", After),
        QueryValues.Integer("before", Before),
        QueryValues.Integer("tail", Tail),
        QueryValues.Integer("limit", Limit) ?? DefaultLimit,
        QueryValues.List(Kinds));
}

/// <summary>A registration of a task.</summary>
internal sealed record RegisterTaskRequest(
    [property: MaxLength(Identifier.MaxLength)] string? TaskId,
    [property: MaxLength(AgentTask.MaxKindLength)] string? Source,
    [property: MaxLength(AgentTask.MaxInputLength)] string? InputMessage,
    [property: Description("A JSON object of at most 1,000,000 characters")] JsonElement? SourceMetadata,
    [property: MaxLength(AgentTask.MaxNameLength)] string? AssignedAgent,
    [property: MaxLength(AgentTask.MaxKindLength)] string? AgentType,
    [property: MaxLength(Identifier.MaxLength)] string? SessionId,
    [property: MaxLength(Identifier.MaxLength)] string? ConversationId,
    [property: MaxLength(AgentTask.MaxNameLength)] string? FlowId,
    [property: MaxLength(Identifier.MaxLength)] string? ParentTaskId,
    [property: MaxLength(AgentTask.MaxNameLength)] string? Model)
{
    public RegisterTaskCommand ToCommand() => new(
        TaskId ?? "",
        Source ?? "",
        InputMessage!,
        SessionId,
        AssignedAgent,
        AgentType,
        QueryValues.JsonObject("source_metadata", SourceMetadata) ?? AgentTask.NoMetadata,
        ConversationId,
        FlowId,
        ParentTaskId,
        Model);
}

/// <summary>A report on a task; every part may be missing.</summary>
internal sealed record ReportTaskRequest(
    [property: AllowedValues("queued", "running", "waiting_input", "completed", "failed", "cancelled")] string? Status,
    [property: MaxLength(AgentTask.MaxOutputLength)] string? Output,
    [property: MaxLength(AgentTask.MaxErrorLength)] string? Error,
    [property: MaxLength(AgentTask.MaxOutputLength)] string? Result,
    [property: Range(0, (double)TaskFigures.MaxCostUsd)] decimal? CostUsd,
    [property: Range(0, (double)TaskFigures.MaxTokens)] long? InputTokens,
    [property: Range(0, (double)TaskFigures.MaxTokens)] long? OutputTokens,
    [property: Range(0, TaskFigures.MaxDurationSeconds)] double? DurationSeconds,
    [property: MaxLength(AgentTask.MaxNameLength)] string? Model)
{
    public ReportTaskCommand ToCommand(string taskId) => new(
        taskId,
        new TaskReport(ParseStatus(), Output, Error, Result, new TaskFigures(CostUsd, InputTokens, OutputTokens, DurationSeconds), Model),
        ReportOrigin.Patch,
        CreateMissing: false);

    /// <summary>An empty status says nothing, as it does to the existing system.</summary>
    private AgentTaskStatus? ParseStatus() => string.IsNullOrEmpty(Status) ? null
        : AgentTaskLifecycle.TryParse(Status, out var status) ? status
        : throw QueryValues.Invalid("status", "status must be one of queued, running, waiting_input, completed, failed, cancelled.");
}

/// <summary>Several tasks: 1 to 100.</summary>
internal sealed record TaskIdsRequest([property: Length(1, TaskOutcome.MaxTasks), ItemLength(Identifier.MaxLength)] IReadOnlyList<string>? TaskIds);

/// <summary>The answer to what a task waits for.</summary>
internal sealed record SendInputRequest([property: Length(1, SendInputCommand.MaxMessageLength)] string? Message)
{
    public SendInputCommand ToCommand(string taskId) => new(taskId, Message!);
}

/// <summary>Output in chunks.</summary>
internal sealed record AppendOutputRequest([property: Length(1, AppendOutputCommand.MaxChunks)] IReadOnlyList<OutputChunk>? Chunks)
{
    public AppendOutputCommand ToCommand(string taskId) => new(taskId, Chunks ?? []);
}

/// <summary>What became of the output: it is stored.</summary>
internal sealed record AppendedOutput(string TaskId, int Accepted, int Duplicates, long LastOffset);

internal static class FinishRequest
{
    /// <summary>The status with which a pipe ends its task, if it does.</summary>
    public static AgentTaskStatus? Parse(string? finish) => finish switch
    {
        null or "" => null,
        "completed" => AgentTaskStatus.Completed,
        "failed" => AgentTaskStatus.Failed,
        _ => throw QueryValues.Invalid("finish", "finish must be completed or failed."),
    };
}
