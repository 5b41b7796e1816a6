using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Tasks.Ports;
using GrooteDashboard.Application.Tasks.Queries;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>The logs family of the existing system: a task's output as one text, and the record that a task logger keeps of it, part by part.</summary>
internal static class TaskRecordEndpoints
{
    public static void MapTaskRecordEndpoints(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/tasks/{taskId}").WithTags("Tasks").RequireAuthorization(Policies.Viewer)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        tasks.MapGet("/logs", GetOutput).WithSummary("A task's output as one text, at most its last 1,000,000 characters; with an ETag")
            .Produces<TaskOutput>().Produces(StatusCodes.Status304NotModified);
        Record(tasks, "/logs/metadata", GetMetadata, "What a task is and how it goes, as the task logger has it");
        Record(tasks, "/logs/input", GetInput, "What a task was asked to do");
        Record(tasks, "/logs/user-inputs", GetUserInputs, "What people told a task later");
        Record(tasks, "/logs/webhook-flow", GetWebhookFlow, "How a webhook became the task");
        Record(tasks, "/logs/agent-output", GetAgentOutput, "What the agent said and did");
        Record(tasks, "/logs/knowledge-interactions", GetKnowledgeInteractions, "What the agent asked its knowledge base");
        Record(tasks, "/logs/final-result", GetFinalResult, "How a task ended");
        Record(tasks, "/logs/full", GetAll, "All parts of a task's record that there are");
        Record(tasks, "/knowledge-summary", GetKnowledgeSummary, "What a task asked its knowledge base, in figures");
    }

    private static void Record(RouteGroupBuilder tasks, string path, Delegate handler, string summary) =>
        tasks.MapGet(path, handler).WithSummary(summary + "; streamed, with an ETag").Produces<object>().Produces(StatusCodes.Status304NotModified);

    private static async Task<IResult> GetOutput(string taskId, IMediator mediator, HttpContext context, CancellationToken cancellationToken)
    {
        if (await mediator.Send(new GetTaskOutputQuery(taskId), cancellationToken) is not { } output)
        {
            return NotFound("Task not found");
        }

        return EntityTag.Tell(context, output.Version)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(await output.ReadAsync(cancellationToken));
    }

    private static Task<IResult> GetMetadata(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.Metadata, "Task logs not found", mediator, cancellationToken);

    private static Task<IResult> GetInput(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.Input, "Task input log not found", mediator, cancellationToken);

    private static Task<IResult> GetUserInputs(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.UserInputs, "User inputs log not found", mediator, cancellationToken);

    private static Task<IResult> GetWebhookFlow(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.WebhookFlow, "Webhook flow log not found", mediator, cancellationToken);

    private static Task<IResult> GetAgentOutput(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.AgentOutput, "Agent output log not found", mediator, cancellationToken);

    private static Task<IResult> GetKnowledgeInteractions(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.KnowledgeInteractions, "Knowledge interactions log not found", mediator, cancellationToken);

    private static Task<IResult> GetFinalResult(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, TaskRecordPart.FinalResult, "Final result log not found", mediator, cancellationToken);

    private static Task<IResult> GetAll(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        GetAsync(taskId, part: null, "Task logs not found", mediator, cancellationToken);

    private static async Task<IResult> GetKnowledgeSummary(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        new JsonStreamResult(await mediator.Send(new GetKnowledgeSummaryQuery(taskId), cancellationToken));

    private static async Task<IResult> GetAsync(
        string taskId, TaskRecordPart? part, string missing, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new GetTaskRecordQuery(taskId, part), cancellationToken) is { } json ? new JsonStreamResult(json) : NotFound(missing);

    private static ProblemHttpResult NotFound(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound);
}
