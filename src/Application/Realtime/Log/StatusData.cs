using System.Text.Json;
using System.Text.Json.Serialization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Domain.Tasks;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>What a status row keeps beside the status itself: enough to say again what was said when it happened.</summary>
public sealed record StatusData(
    int Version,
    string? ConversationId,
    string? AssignedAgent,
    string Source,
    decimal? CostUsd,
    long? InputTokens,
    long? OutputTokens,
    double? DurationSeconds,
    string? Error)
{
    public static JsonElement From(TaskStatusMessage message) => JsonSerializer.SerializeToElement(
        new StatusData(
            message.Version,
            message.ConversationId,
            message.AssignedAgent,
            message.Source,
            message.CostUsd,
            message.InputTokens,
            message.OutputTokens,
            message.DurationSeconds,
            message.Error),
        StatusDataContext.Default.StatusData);

    public static TaskStatusMessage ToMessage(string taskId, AgentTaskStatus status, AgentTaskStatus? previous, string json)
    {
        var data = JsonSerializer.Deserialize(json, StatusDataContext.Default.StatusData)!;
        return new TaskStatusMessage(
            taskId,
            status,
            previous,
            data.Version,
            data.ConversationId,
            data.AssignedAgent,
            data.Source,
            data.CostUsd,
            data.InputTokens,
            data.OutputTokens,
            data.DurationSeconds,
            data.Error);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusData))]
internal sealed partial class StatusDataContext : JsonSerializerContext;
