using System.Text.Json.Serialization;
using GrooteDashboard.Application.Tasks.Ports;

namespace GrooteDashboard.Application.Tasks.Contracts;

/// <summary>A part of a list of tasks, in the documented shape.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Total">Rows on all pages.</param>
/// <param name="TotalIsExact">False where counting took too long: then there are at least so many.</param>
/// <param name="PageNumber">The page that was asked for, from 1; says nothing where a cursor was given.</param>
/// <param name="PerPage">Rows on a full page.</param>
/// <param name="Next">Cursor to give as <c>after</c> for the following rows; null at the end.</param>
/// <param name="Prev">Cursor to give as <c>before</c> for the preceding rows; null at the beginning.</param>
/// <param name="Totals">What all tasks of the filter come to; null for filters for which that is not kept.</param>
public sealed record TaskPage(
    IReadOnlyList<TaskSummary> Items,
    long Total,
    bool TotalIsExact,
    [property: JsonPropertyName("page")] int PageNumber,
    int PerPage,
    string? Next,
    string? Prev,
    TaskTotals? Totals)
{
    public long Pages => (Total + PerPage - 1) / PerPage;
}
