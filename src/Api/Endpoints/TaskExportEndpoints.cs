using System.ComponentModel;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Tasks.Queries;
using MediatR;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Tasks as a file.</summary>
internal static class TaskExportEndpoints
{
    public static void MapTaskExportEndpoints(this IEndpointRouteBuilder app) => app.MapGroup("/api/tasks").WithTags("Tasks").RequireAuthorization(Policies.Viewer)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .MapGet("/export", Export).WithSummary("All tasks of a filter as a file, newest first; at most the newest 1,000,000")
        .WithDescription("Streamed. In CSV, a text that a spreadsheet would take for a formula begins with an apostrophe. A file that takes longer than 15 minutes is broken off.")
        .Produces<string>(StatusCodes.Status200OK, "text/csv", "application/x-ndjson");

    private static async Task<IResult> Export(
        [Description("csv (unless told) or ndjson")] string? format, [AsParameters] TaskFilterRequest filter, IMediator mediator, CancellationToken cancellationToken)
    {
        var asCsv = format switch
        {
            null or "" or "csv" => true,
            "ndjson" => false,
            _ => throw QueryValues.Invalid("format", "format must be csv or ndjson."),
        };
        return new TaskExportResult(await mediator.Send(new ExportTasksQuery(filter.ToFilter()), cancellationToken), asCsv);
    }
}
