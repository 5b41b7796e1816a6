using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrooteDashboard.Application.Common;

/// <summary>A string that holds JSON is written as that JSON.</summary>
public sealed class RawJsonConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonElement.ParseValue(ref reader).GetRawText();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteRawValue(value);
}
