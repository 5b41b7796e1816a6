using System.ComponentModel;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Finding text: in all tasks, and in one log.</summary>
internal static class TaskSearchEndpoints
{
    public static void MapTaskSearchEndpoints(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/tasks").WithTags("Tasks").RequireAuthorization(Policies.Viewer)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        tasks.MapGet("/search", Search).WithSummary("Full-text search in what tasks were asked, what they said and how they ended; newest first, some seconds behind")
            .WithDescription("All words of q must stand in one passage. A word* is the beginning of a word; \"some words\" and src/foo.cs:12 stand there as they are written. Case does not matter. Of identifiers such as maxPageSize or max_page_size each part is a word, too. A search that takes too long is refused with 422.");
        tasks.MapGet("/{taskId}/log/search", SearchLog).WithSummary("Search in one task's output: lines, oldest first")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<TaskSearchPage>> Search(
        [AsParameters] SearchTasksRequest request, [AsParameters] TaskFilterRequest filter, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(request.ToQuery(filter.ToFilter()), cancellationToken));

    private static async Task<Results<Ok<LogSearchPage>, ProblemHttpResult>> SearchLog(
        string taskId, [AsParameters] SearchTaskLogRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(taskId), cancellationToken) is { } page
            ? TypedResults.Ok(page)
            : TypedResults.Problem("Task not found", statusCode: StatusCodes.Status404NotFound);
}

/// <summary>What is searched for.</summary>
internal sealed record SearchTasksRequest(
    [property: Description("Words; up to 200 characters"), FromQuery(Name = "q")] string? Q,
    [property: Description("Any of input, output, result, error, separated by commas; everywhere unless told"), FromQuery(Name = "in")] string? In,
    [property: Description("next of the page before"), FromQuery(Name = "after")] string? After,
    [property: Description("1 to 100, 20 unless told; 1,000 hits on all pages together"), FromQuery(Name = "per_page")] string? PerPage)
{
    private const int DefaultPerPage = 20;

    public SearchTasksQuery ToQuery(TaskFilter filter) => new(
        Q ?? "",
        [.. QueryValues.List(In).Distinct(StringComparer.Ordinal)],
        filter,
        string.IsNullOrEmpty(After) ? null : After,
        QueryValues.Integer("per_page", PerPage) ?? DefaultPerPage);
}

/// <summary>What is searched for in a log.</summary>
internal sealed record SearchTaskLogRequest(
    [property: Description("A text that stands in a line, or a regular expression; up to 200 characters"), FromQuery(Name = "q")] string? Q,
    [property: Description("true where q is a regular expression (.NET, without look-around and back-references)"), FromQuery(Name = "regex")] string? Regex,
    [property: Description("true where case matters"), FromQuery(Name = "case")] string? Case,
    [property: Description("Only output of these kinds, separated by commas"), FromQuery(Name = "kinds")] string? Kinds,
    [property: Description("next of the page before"), FromQuery(Name = "after")] string? After,
    [property: Description("1 to 1000, 200 unless told"), FromQuery(Name = "limit")] string? Limit)
{
    private const int DefaultLimit = 200;

    public SearchTaskLogQuery ToQuery(string taskId) => new(
        taskId,
        Q ?? "",
        QueryValues.Boolean("regex", Regex) ?? false,
        QueryValues.Boolean("case", Case) ?? false,
        QueryValues.List(Kinds),
        string.IsNullOrEmpty(After) ? null : After,
        QueryValues.Integer("limit", Limit) ?? DefaultLimit);
}
