using System.Text.Json.Serialization;

namespace GrooteDashboard.Application.Common;

/// <summary>One page of a list, in the documented shape.</summary>
/// <param name="Items">The rows of this page.</param>
/// <param name="Total">Rows on all pages.</param>
/// <param name="PageNumber">From 1.</param>
/// <param name="PerPage">Rows on a full page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long Total, [property: JsonPropertyName("page")] int PageNumber, int PerPage)
{
    public long Pages => (Total + PerPage - 1) / PerPage;
}
