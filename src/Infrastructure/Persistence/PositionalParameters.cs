using System.Globalization;
using Npgsql;

namespace GrooteDashboard.Infrastructure.Persistence;

/// <summary>Parameters of statements that are put together piece by piece.</summary>
internal static class PositionalParameters
{
    /// <summary>Adds a value.</summary>
    /// <returns>Its name in the statement: <c>$1</c> is the first.</returns>
    public static string Next<T>(this NpgsqlParameterCollection parameters, T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return string.Create(CultureInfo.InvariantCulture, $"${parameters.Count}");
    }
}
