using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GrooteDashboard.Application.Tasks;

/// <summary>Writes the JSON of records, in UTF-8.</summary>
internal static class TaskRecordJson
{
    /// <summary>It is only ever sent as application/json, where nothing but quotes and control characters needs to be escaped.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
