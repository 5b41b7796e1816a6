using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrooteDashboard.Api.Json;

/// <summary>A whole number may come as <c>12</c>, <c>12.0</c> or <c>"12"</c>: the existing system takes all of them.</summary>
internal sealed class LenientIntegerConverter : JsonConverter<long>
{
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var isNumber = reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetDecimal(out var number) && IsWhole(number, out _),
            JsonTokenType.String => true,
            _ => false,
        };
        var value = !isNumber ? null
            : reader.TokenType == JsonTokenType.Number ? reader.GetDecimal()
            : decimal.TryParse(reader.GetString(), NumberStyles.Number, CultureInfo.InvariantCulture, out var parsed) ? parsed : (decimal?)null;
        return value is { } whole && IsWhole(whole, out var integer) ? integer : throw new JsonException("The value is not a whole number.");
    }

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    private static bool IsWhole(decimal number, out long integer)
    {
        var fits = number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue;
        integer = fits ? (long)number : 0;
        return fits;
    }
}
