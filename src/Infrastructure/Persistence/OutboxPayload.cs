using System.Text.Json;
using System.Text.Json.Serialization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Infrastructure.Persistence.Configurations.Realtime;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>How an entry waits in the outbox.</summary>
internal static class OutboxPayload
{
    public static OutboxRecord ToRecord(StatusEntry entry) => new()
    {
        Topic = OutboxRecord.TaskLogTopic,
        Key = entry.Message.TaskId,
        Payload = JsonSerializer.Serialize(entry, OutboxJsonContext.Default.StatusEntry),
        CreatedAt = entry.Timestamp,
    };

    public static LogAppend ToAppend(long id, string key, string payload) =>
        new(key, [JsonSerializer.Deserialize(payload, OutboxJsonContext.Default.StatusEntry)!]) { OutboxIds = [id] };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusEntry))]
[JsonSerializable(typeof(TaskStatusMessage))]
internal sealed partial class OutboxJsonContext : JsonSerializerContext;
