using System.Text.Json;
using System.Text.Json.Serialization;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Application.Realtime.Log;

/// <summary>The figures that a status row keeps beside the status itself.</summary>
internal sealed record StatusData(decimal? CostUsd, long? InputTokens, long? OutputTokens, double? DurationSeconds, string? Error, int Version)
{
    public static JsonElement From(TaskStatusMessage message) => JsonSerializer.SerializeToElement(
        new StatusData(message.CostUsd, message.InputTokens, message.OutputTokens, message.DurationSeconds, message.Error, message.Version),
        StatusDataContext.Default.StatusData);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusData))]
internal sealed partial class StatusDataContext : JsonSerializerContext;
