using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using GrooteDashboard.Api.Endpoints;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace GrooteDashboard.Api.Hosting;

/// <summary>
/// The bounds of fields in the OpenAPI document, from the attributes of the bodies' records. They describe: what refuses are the validators of the commands,
/// by the same constants, and a test holds the two together.
/// </summary>
internal static class ApiBounds
{
    public static void Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        SayType(schema, context);
        foreach (var attribute in context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: false) ?? [])
        {
            switch (attribute)
            {
                case MaxLengthAttribute bound:
                    SetLength(schema, null, bound.Length);
                    break;
                case LengthAttribute bound:
                    SetLength(schema, bound.MinimumLength, bound.MaximumLength);
                    break;
                case RangeAttribute range:
                    schema.Minimum = Convert.ToString(range.Minimum, CultureInfo.InvariantCulture);
                    schema.Maximum = Convert.ToString(range.Maximum, CultureInfo.InvariantCulture);
                    break;
                case AllowedValuesAttribute allowed:
                    schema.Enum = [.. allowed.Values.OfType<string>().Select(value => JsonValue.Create(value))];
                    break;
                case RegularExpressionAttribute form:
                    schema.Pattern = form.Pattern;
                    break;
                case ItemRangeAttribute range when schema.Items is OpenApiSchema item:
                    item.Minimum = range.Minimum.ToString(CultureInfo.InvariantCulture);
                    item.Maximum = range.Maximum.ToString(CultureInfo.InvariantCulture);
                    break;
                case ItemLengthAttribute bound when schema.Items is OpenApiSchema item:
                    item.MaxLength = bound.Length;
                    break;
            }
        }
    }

    /// <summary>A type that is read leniently, by a converter of its own, is unknown to the generator.</summary>
    private static void SayType(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var isNullable = context.JsonPropertyInfo?.IsGetNullable ?? type != context.JsonTypeInfo.Type;
        JsonSchemaType? known = type == typeof(string) ? JsonSchemaType.String
            : type == typeof(DateTimeOffset) ? JsonSchemaType.String
            : type == typeof(int) || type == typeof(long) ? JsonSchemaType.Integer
            : null;
        if (known is { } said)
        {
            schema.Type ??= isNullable ? said | JsonSchemaType.Null : said;
            schema.Format ??= type == typeof(DateTimeOffset) ? "date-time" : null;
        }
        else if (context.JsonTypeInfo.ElementType == typeof(string))
        {
            schema.Items ??= new OpenApiSchema { Type = JsonSchemaType.String };
        }
    }

    private static void SetLength(OpenApiSchema schema, int? least, int most)
    {
        if (schema.Type?.HasFlag(JsonSchemaType.Array) is true)
        {
            (schema.MinItems, schema.MaxItems, schema.MinLength, schema.MaxLength) = (least, most, null, null);
        }
        else
        {
            (schema.MinLength, schema.MaxLength) = (least, most);
        }
    }
}
