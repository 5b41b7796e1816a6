using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace GrooteDashboard.DemoEngine;

/// <summary>Bodies of the engine's HTTP calls and Redis messages. Nulls are left out, as the existing engine does.</summary>
internal static class EngineJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);
}

/// <summary>POST /api/tasks</summary>
internal sealed record TaskRegistration(
    string TaskId, string Source, JsonObject SourceMetadata, string InputMessage, string AssignedAgent, string? ConversationId, string? FlowId);

/// <summary>PATCH /api/tasks/{id}</summary>
internal sealed record TaskUpdate(
    string Status,
    string? Output = null,
    string? Error = null,
    decimal? CostUsd = null,
    long? InputTokens = null,
    long? OutputTokens = null,
    double? DurationSeconds = null);

/// <summary>POST /api/conversations/{id}/messages</summary>
internal sealed record SavedMessage(string Role, string Content, string TaskId);

/// <summary>The message on <c>task:{id}:status</c>, also kept in the hash <c>task:{id}</c>.</summary>
internal sealed record StatusReport(string Status, object? Result = null);

internal sealed record FailureResult(string Error);

internal sealed record RunResult(
    string Output,
    string RawOutput,
    decimal CostUsd,
    long InputTokens,
    long OutputTokens,
    bool Success,
    string? Error,
    IReadOnlyList<object> ToolEvents,
    IReadOnlyList<object> ThinkingBlocks);

internal sealed record TaskCreatedEvent(string TaskId, string? SessionId, string InputMessage, string Source, string AssignedAgent);

internal sealed record TaskStartedEvent(string TaskId, string? SessionId, string? ConversationId);

internal sealed record ThinkingEvent(string TaskId, string Content)
{
    public string Type { get; } = "thinking";
}

internal sealed record ToolCallEvent(string TaskId, string Name, JsonObject Input, [property: JsonPropertyName("_tool_use_id")] string ToolUseId)
{
    public string Type { get; } = "tool_call";
}

internal sealed record ToolResultEvent(string TaskId, string Name, string Content, bool IsError)
{
    public string Type { get; } = "tool_result";
}

internal sealed record OutputEvent(string TaskId, string Content);

internal sealed record RawOutputEvent(string TaskId, string RawOutput);

internal sealed record TaskCompletedEvent(
    string TaskId,
    string? SessionId,
    string? ConversationId,
    string Status,
    string Result,
    double DurationSeconds,
    decimal CostUsd,
    long InputTokens,
    long OutputTokens);

internal sealed record TaskFailedEvent(string TaskId, string Error);
