using System.Text.Json;
using System.Text.Json.Serialization;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Api.Json;

/// <summary>
/// Half a surrogate pair, which Python's serialiser writes without a word, becomes U+FFFD: a report must not be lost for one broken
/// character in an agent's output.
/// </summary>
internal sealed class LenientStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException("The value is not a string.");
        }

        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return JsonElement.Parse(LogText.RepairEscapes(JsonElement.ParseValue(ref reader).GetRawText())).GetString();
        }
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
