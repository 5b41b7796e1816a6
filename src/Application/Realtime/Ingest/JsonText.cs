using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using GrooteDashboard.Application.Realtime.Log;

namespace GrooteDashboard.Application.Realtime.Ingest;

/// <summary>
/// Reads JSON as the producers write it. Their serialisers write NaN and Infinity, NUL, and halves of surrogate pairs, none of which
/// can be stored; U+FFFD takes the place of characters, and a string that of figures.
/// </summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly SearchValues<char> NotFiniteStart = SearchValues.Create("NI-");
    private static readonly string[] NotFinite = ["NaN", "Infinity", "-Infinity"];

    /// <summary>The object that the text is, or null where it is anything else.</summary>
    /// <param name="text">Without NUL and broken surrogates.</param>
    public static JsonElement? ParseObject(string text)
    {
        var trimmed = text.AsSpan().Trim(" \t\r\n");
        if (trimmed.Length < 2 || trimmed[0] != '{' || trimmed[^1] != '}')
        {
            return null;
        }

        var repaired = LogText.RepairEscapes(text);
        return TryParse(repaired) ?? (QuoteNotFinite(repaired) is { } quoted ? TryParse(quoted) : null);
    }

    /// <summary>The member's text; null where it is missing or not a string.</summary>
    public static string? String(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The member as text: a string as it is, null as null, anything else as JSON.</summary>
    public static string? Text(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Null => null,
                _ => value.GetRawText(),
            }
            : null;

    public static JsonElement? Object(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    public static bool? Bool(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    /// <summary>The object without some of its members, as JSON text; null where nothing is left.</summary>
    public static string? Without(this JsonElement json, params ReadOnlySpan<string> names)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var left = 0;
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            foreach (var member in json.EnumerateObject())
            {
                if (!names.Contains(member.Name))
                {
                    left++;
                    member.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return left == 0 ? null : Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes an object.</summary>
    public static JsonElement Build(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>At most so many characters, never half of one.</summary>
    public static string Truncate(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    /// <summary>Puts what Python writes for figures that are not finite into quotes; null where there is none.</summary>
    private static string? QuoteNotFinite(string json)
    {
        StringBuilder? quoted = null;
        var copied = 0;
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            switch (json[i])
            {
                case '\\' when inString:
                    i++;
                    break;
                case '"':
                    inString = !inString;
                    break;
                case var c when !inString && NotFiniteStart.Contains(c):
                    var word = Array.Find(NotFinite, word => string.CompareOrdinal(json, i, word, 0, word.Length) == 0);
                    if (word is not null)
                    {
                        quoted = (quoted ?? new StringBuilder(json.Length + 16)).Append(json, copied, i - copied).Append('"').Append(word).Append('"');
                        i += word.Length - 1;
                        copied = i + 1;
                    }

                    break;
            }
        }

        return quoted?.Append(json, copied, json.Length - copied).ToString();
    }

    private static JsonElement? TryParse(string json)
    {
        try
        {
            var parsed = JsonElement.Parse(json);
            return parsed.ValueKind == JsonValueKind.Object ? parsed : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
