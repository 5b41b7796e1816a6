using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Budgets.Commands;
using GrooteDashboard.Application.Budgets.Contracts;
using GrooteDashboard.Application.Budgets.Queries;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Budgets (docs/protocol/analytics.md): how they stand for everybody, their terms for those who change settings.</summary>
internal static class BudgetEndpoints
{
    public static void MapBudgetEndpoints(this IEndpointRouteBuilder app)
    {
        var reading = Group(app, Policies.Viewer);
        reading.MapGet("/", List).WithSummary("Budgets by name, each with what is spent of it and where that leads");
        reading.MapGet("/{budgetId}", Get).WithSummary("One budget, and how it stands").ProducesProblem(StatusCodes.Status404NotFound);
        reading.MapGet("/{budgetId}/trips", ListTrips).WithSummary("The thresholds that it has reached, newest first").ProducesProblem(StatusCodes.Status404NotFound);

        var setting = Group(app, Policies.Admin);
        setting.MapPost("/", Create).WithSummary("Set a budget").ProducesProblem(StatusCodes.Status409Conflict);
        setting.MapPut("/{budgetId}", Update).WithSummary("Give a budget other terms, in place of all that it has").ProducesProblem(StatusCodes.Status404NotFound);
        setting.MapDelete("/{budgetId}", Delete).WithSummary("Delete a budget, with its trips").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static RouteGroupBuilder Group(IEndpointRouteBuilder app, string policy) => app.MapGroup("/api/budgets").WithTags("Budgets").RequireAuthorization(policy)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<BudgetPage>> List([AsParameters] ListBudgetsRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(request.ToQuery(), cancellationToken));

    private static async Task<Results<Ok<BudgetState>, ProblemHttpResult>> Get(string budgetId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new GetBudgetQuery(budgetId), cancellationToken) is { } budget ? TypedResults.Ok(budget) : NotFound();

    private static async Task<Results<Ok<BudgetTripPage>, ProblemHttpResult>> ListTrips(
        string budgetId, [AsParameters] ListTripsRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(budgetId), cancellationToken) is { } trips ? TypedResults.Ok(trips) : NotFound();

    private static async Task<Ok<BudgetSummary>> Create(BudgetRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(new CreateBudgetCommand(request.ToTerms()), cancellationToken));

    private static async Task<Results<Ok<BudgetSummary>, ProblemHttpResult>> Update(
        string budgetId, BudgetRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new UpdateBudgetCommand(budgetId, request.ToTerms()), cancellationToken) is { } budget ? TypedResults.Ok(budget) : NotFound();

    private static async Task<Results<Ok<Answer<object>>, ProblemHttpResult>> Delete(string budgetId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new DeleteBudgetCommand(budgetId), cancellationToken) ? TypedResults.Ok(Answers.Done("Budget deleted")) : NotFound();

    private static ProblemHttpResult NotFound() => TypedResults.Problem("Budget not found", statusCode: StatusCodes.Status404NotFound);
}
