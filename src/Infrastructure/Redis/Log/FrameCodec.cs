using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// How a message travels between instances and waits to be stored: JSON, without the channel and the offset that it is found under.
/// Instances of two versions may run side by side: what one does not know is ignored by it.
/// </summary>
internal static class FrameCodec
{
    private static readonly FrameJsonContext Context = new(new JsonSerializerOptions(FrameJsonContext.Default.Options)
    {
        // It is never part of a page; escaping would only make it longer.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Encode(DateTimeOffset timestamp, RealtimeMessage message) => JsonSerializer.SerializeToUtf8Bytes(
        new FrameBody(
            timestamp,
            message as TaskOutputMessage,
            message as TaskStatusMessage,
            message as CliStatusMessage,
            message as SystemMessage,
            message as GapMessage),
        Context.FrameBody);

    /// <exception cref="JsonException">It is not what <see cref="Encode"/> of any version writes.</exception>
    /// <exception cref="NotSupportedException">A kind of message that a later version introduced.</exception>
    public static ChannelFrame Decode(string channel, long? offset, ReadOnlySpan<byte> body)
    {
        if (TryDecodeOutput(body, out var timestamp, out var output))
        {
            return new ChannelFrame(channel, offset, timestamp, output);
        }

        var frame = JsonSerializer.Deserialize(body, Context.FrameBody) ?? throw new JsonException("A message is null.");
        var message = (RealtimeMessage?)frame.Output ?? (RealtimeMessage?)frame.Status ?? (RealtimeMessage?)frame.Cli
            ?? (RealtimeMessage?)frame.System ?? frame.Gap ?? throw new NotSupportedException("A message of an unknown kind.");
        return new ChannelFrame(channel, offset, frame.Timestamp, message);
    }

    /// <summary>
    /// Output as <see cref="Encode"/> writes it, which is nearly everything, read without the serializer: it is done twice for every message. False: it is something else.
    /// </summary>
    private static bool TryDecodeOutput(ReadOnlySpan<byte> body, out DateTimeOffset timestamp, [NotNullWhen(true)] out TaskOutputMessage? output)
    {
        var reader = new Utf8JsonReader(body);
        output = null;
        timestamp = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject
            || !IsProperty(ref reader, "t"u8, JsonTokenType.String) || !reader.TryGetDateTimeOffset(out timestamp)
            || !IsProperty(ref reader, "output"u8, JsonTokenType.StartObject)
            || !IsProperty(ref reader, "task_id"u8, JsonTokenType.String) || reader.GetString() is not { } taskId
            || !IsProperty(ref reader, "output"u8, JsonTokenType.String) || reader.GetString() is not { } text
            || !IsProperty(ref reader, "kind"u8, JsonTokenType.String) || reader.GetString() is not { } kind
            || !reader.Read() || reader.TokenType != JsonTokenType.EndObject
            || !reader.Read() || reader.TokenType != JsonTokenType.EndObject)
        {
            return false;
        }

        output = new TaskOutputMessage(taskId, text, kind == OutputKinds.Output ? OutputKinds.Output : kind, null);
        return true;
    }

    private static bool IsProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, JsonTokenType type) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read() && reader.TokenType == type;
}

/// <summary>One of the messages is there.</summary>
internal sealed record FrameBody(
    [property: JsonPropertyName("t")] DateTimeOffset Timestamp,
    [property: JsonPropertyName("output")] TaskOutputMessage? Output,
    [property: JsonPropertyName("status")] TaskStatusMessage? Status,
    [property: JsonPropertyName("cli")] CliStatusMessage? Cli,
    [property: JsonPropertyName("system")] SystemMessage? System,
    [property: JsonPropertyName("gap")] GapMessage? Gap);

/// <summary>Structured parts stay as the producer wrote them.</summary>
internal sealed class VerbatimElementConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(VerbatimElementConverter)])]
[JsonSerializable(typeof(FrameBody))]
internal sealed partial class FrameJsonContext : JsonSerializerContext;
