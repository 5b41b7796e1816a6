using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;

namespace GrooteDashboard.Api.Json;

internal static class JsonSetup
{
    /// <summary>snake_case, times with Z, statuses by name; numbers may come as strings, as the agent engine sends them.</summary>
    public static IServiceCollection AddJson(this IServiceCollection services) => services.Configure<JsonOptions>(options => Apply(options.SerializerOptions));

    public static JsonSerializerOptions Apply(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.DictionaryKeyPolicy = null;
        json.NumberHandling = JsonNumberHandling.AllowReadingFromString;
        json.MaxDepth = 64;
        json.Converters.Add(new UtcDateTimeOffsetConverter());
        json.Converters.Add(new LenientStringConverter());
        json.Converters.Add(new LenientIntegerConverter());
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return json;
    }
}
