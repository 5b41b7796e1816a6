using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Rows as CSV (RFC 4180), with the names that they have in JSON; a nested name has a dot.</summary>
internal sealed class TableResult(string name, IEnumerable<object> rows) : IResult
{
    private const string MediaType = "text/csv";

    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    /// <summary>What a spreadsheet would take for the beginning of a formula.</summary>
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r");

    /// <summary>The answer as the client wants it: JSON, or its rows.</summary>
    public static IResult Of<T>(T answer, string name, Func<IEnumerable<object>> rows, string? format, HttpContext context)
    {
        var wanted = format switch
        {
            null or "" => context.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase)),
            "csv" => true,
            "json" => false,
            _ => throw QueryValues.Invalid("format", "format must be json or csv."),
        };
        return wanted ? new TableResult(name, rows()) : TypedResults.Ok(answer);
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var text = new StringBuilder();
        var names = new List<string>();
        foreach (var row in rows)
        {
            var cells = new List<(string Name, string Value)>();
            Flatten("", JsonSerializer.SerializeToNode(row, row.GetType(), json)!.AsObject(), cells);
            if (names.Count == 0)
            {
                names.AddRange(cells.Select(cell => cell.Name));
                text.AppendJoin(',', names).Append("\r\n");
            }

            // What is null in the first row and an object in a later one has no column.
            var values = cells.ToDictionary(cell => cell.Name, cell => cell.Value);
            text.AppendJoin(',', names.Select(column => Quote(values.GetValueOrDefault(column, "")))).Append("\r\n");
        }

        if (names.Count == 0)
        {
            text.AppendJoin(',', NamesOf(json)).Append("\r\n");
        }

        httpContext.Response.ContentType = MediaType + "; charset=utf-8";
        httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.csv\"";
        await httpContext.Response.WriteAsync(text.ToString(), httpContext.RequestAborted);
    }

    /// <summary>Of rows that there are none of: a table without rows has a heading too.</summary>
    private IEnumerable<string> NamesOf(JsonSerializerOptions json)
    {
        var row = rows.GetType().GetInterfaces().Append(rows.GetType())
            .First(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];
        return NamesOf("", json.GetTypeInfo(row), json);
    }

    private static IEnumerable<string> NamesOf(string prefix, JsonTypeInfo type, JsonSerializerOptions json) =>
        type.Properties.Where(property => property.Get is not null).SelectMany(property =>
            json.GetTypeInfo(property.PropertyType) is { Kind: JsonTypeInfoKind.Object } inner ? NamesOf(prefix + property.Name + ".", inner, json) : [prefix + property.Name]);

    private static void Flatten(string prefix, JsonObject json, List<(string Name, string Value)> cells)
    {
        foreach (var (name, value) in json)
        {
            if (value is JsonObject inner)
            {
                Flatten(prefix + name + ".", inner, cells);
            }
            else
            {
                cells.Add((prefix + name, value switch
                {
                    null => "",
                    JsonValue text when text.GetValueKind() == JsonValueKind.String => Harmless(text.GetValue<string>()),
                    _ => value.ToJsonString(),
                }));
            }
        }
    }

    /// <summary>Names come from anybody; numbers are ours.</summary>
    private static string Harmless(string text) => text.Length > 0 && Formula.Contains(text[0]) ? "'" + text : text;

    private static string Quote(string value) => value.AsSpan().ContainsAny(Special) ? '"' + value.Replace("\"", "\"\"", StringComparison.Ordinal) + '"' : value;
}
