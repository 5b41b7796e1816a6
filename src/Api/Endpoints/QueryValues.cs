using System.Globalization;
using System.Text.Json;
using FluentValidation;
using FluentValidation.Results;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Reads values of a query string or a body; a bad one is refused with 422 and its name.</summary>
internal static class QueryValues
{
    /// <summary>Days before and after can be counted from any time between these years.</summary>
    private const int MinYear = 1;
    private const int MaxYear = 9999;

    /// <summary>Null where it is empty.</summary>
    public static string? Text(string? value) => string.IsNullOrEmpty(value) ? null : value;

    public static IReadOnlyList<string> List(string? value) =>
        (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static int? Integer(string name, string? value) =>
        string.IsNullOrEmpty(value) ? null
        : int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, $"{name} must be a whole number.");

    public static long? Long(string name, string? value) =>
        string.IsNullOrEmpty(value) ? null
        : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, $"{name} must be a whole number.");

    public static decimal? Decimal(string name, string? value) =>
        string.IsNullOrEmpty(value) ? null
        : decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, $"{name} must be a number.");

    public static double? Double(string name, string? value) =>
        string.IsNullOrEmpty(value) ? null
        : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw Invalid(name, $"{name} must be a number.");

    public static bool? Boolean(string name, string? value) => value?.ToUpperInvariant() switch
    {
        null or "" => null,
        "TRUE" or "1" or "YES" or "ON" => true,
        "FALSE" or "0" or "NO" or "OFF" => false,
        _ => throw Invalid(name, $"{name} must be true or false."),
    };

    /// <summary>The text of an object in a body; null where there is none.</summary>
    public static string? JsonObject(string name, JsonElement? value) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.Object } json => json.GetRawText(),
        _ => throw Invalid(name, $"{name} must be an object."),
    };

    /// <summary>A day or a time in UTC; with <paramref name="endOfDay"/> a day means its end.</summary>
    public static DateTimeOffset? Time(string name, string? value, bool endOfDay = false)
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        if (DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > MinYear and < MaxYear)
        {
            return new DateTimeOffset(day.AddDays(endOfDay ? 1 : 0).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && time.Year is > MinYear and < MaxYear
            ? time
            : throw Invalid(name, $"{name} must be a day such as 2026-02-03 or an ISO 8601 time.");
    }

    public static ValidationException Invalid(string name, string message) => new([new ValidationFailure(name, message)]);
}
