using System.ComponentModel;
using System.Text.Json;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Tasks.Commands;
using GrooteDashboard.Application.Tasks.Contracts;
using GrooteDashboard.Application.Tasks.Queries;
using GrooteDashboard.Domain.Tasks;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Tasks: their list, one of them, its log, and the way in for engines and pipes.</summary>
internal static class TaskEndpoints
{
    /// <summary>A JSON body of output: a message of 16 MB, escaped, and its company.</summary>
    private const long MaxJsonBodyBytes = 40L * 1024 * 1024;

    /// <summary>An append that finds no room or no store for so long is refused with 503.</summary>
    private static readonly TimeSpan AppendDeadline = TimeSpan.FromSeconds(30);

    public static void MapTaskEndpoints(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/tasks").WithTags("Tasks").RequireAuthorization(Policies.Viewer)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        tasks.MapGet("/", List).WithSummary("Tasks, filtered, ordered and paged; with limit, for existing clients, the newest as a bare array")
            .Produces<TaskPage>();
        tasks.MapGet("/table", ListTable).WithSummary("Tasks in the shape of the existing ledger, with an ETag").Produces(StatusCodes.Status304NotModified);
        tasks.MapGet("/{taskId}", Get).WithSummary("One task with its output").ProducesProblem(StatusCodes.Status404NotFound);
        tasks.MapGet("/{taskId}/log", GetLog).WithSummary("A part of a task's log, by offset").ProducesProblem(StatusCodes.Status404NotFound);
        tasks.MapGet("/{taskId}/output.txt", StreamOutput).WithSummary("A task's whole output as text; follow=1 goes on until it ends")
            .Produces<string>(StatusCodes.Status200OK, "text/plain").ProducesProblem(StatusCodes.Status404NotFound);

        var steering = app.MapGroup("/api/tasks").WithTags("Tasks").RequireAuthorization(Policies.Operator)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        steering.MapPost("/{taskId}/stop", Stop).WithSummary("Stop a task; data.confirmed is false until the engine has said that it ended");
        steering.MapPost("/{taskId}/retry", Retry).WithSummary("Do a task that has ended again, as a new task").ProducesProblem(StatusCodes.Status409Conflict);
        steering.MapPost("/stop", StopSeveral).WithSummary("Stop up to 100 tasks; the answer says of each what became of it");
        steering.MapPost("/retry", RetrySeveral).WithSummary("Do up to 100 tasks again; the answer says of each what became of it");
        steering.MapPost("/{taskId}/input", SendInput).WithSummary("Answer what a task waits for").ProducesProblem(StatusCodes.Status409Conflict);

        var ingest = app.MapGroup("/api/tasks").WithTags("Ingest").RequireAuthorization(Policies.Ingest)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        ingest.MapPost("/", Register).WithSummary("Register a task; repeating it changes nothing");
        ingest.MapPatch("/{taskId}", Report).WithSummary("Report a task's status, figures and result")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        ingest.MapMethods("/{taskId}/output", [HttpMethods.Post, HttpMethods.Put], AppendOutput)
            .WithSummary("Bring output: JSON chunks, or text streamed for as long as it lasts (curl -T -)")
            .Accepts<AppendOutputRequest>(isOptional: true, "application/json", "text/plain", "*/*")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

        app.MapGet("/api/agents", ListAgents).WithTags("Tasks").RequireAuthorization(Policies.Viewer).WithSummary("The agents: those that are configured and those that tasks show, with what they did and when they were last seen");
    }

    private static async Task<IResult> List(
        [AsParameters] TaskFilterRequest filter,
        [AsParameters] ListTasksRequest request,
        IMediator mediator,
        IOptions<CompatibilityOptions> compatibility,
        CancellationToken cancellationToken) =>
        request.WantsBareList(compatibility.Value)
            ? TypedResults.Ok(TaskListRow.Of(await mediator.Send(request.ToNewestQuery(filter.ToFilter()), cancellationToken)))
            : TypedResults.Ok(await mediator.Send(request.ToQuery(filter.ToFilter()), cancellationToken));

    /// <summary>Existing clients ask every two seconds.</summary>
    private static async Task<Results<Ok<TaskTable>, StatusCodeHttpResult>> ListTable(
        [AsParameters] TaskTableRequest request, IMediator mediator, IOptions<JsonOptions> json, HttpContext context, CancellationToken cancellationToken)
    {
        var table = TaskTable.Of(await mediator.Send(request.ToQuery(), cancellationToken));
        return EntityTag.Tell(context, JsonSerializer.Serialize(table, json.Value.SerializerOptions))
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(table);
    }

    private static async Task<Results<Ok<TaskDetails>, ProblemHttpResult>> Get(string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new GetTaskQuery(taskId), cancellationToken) is { } task ? TypedResults.Ok(task) : TaskNotFound();

    private static async Task<Results<Ok<TaskLogPage>, ProblemHttpResult>> GetLog(
        string taskId, [AsParameters] GetTaskLogRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(taskId), cancellationToken) is { } log ? TypedResults.Ok(log) : TaskNotFound();

    private static async Task<IResult> StreamOutput(
        string taskId, [Description("1 to go on until the task has ended")] string? follow, IMediator mediator, HttpContext context, CancellationToken cancellationToken) =>
        await mediator.Send(new StreamTaskOutputQuery(taskId, follow is "1" or "true"), cancellationToken) is { } pieces
            ? new TextStreamResult(pieces)
            : TaskNotFound();

    private static async Task<Ok<RegisteredTask>> Register(RegisterTaskRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(request.ToCommand(), cancellationToken));

    private static async Task<Results<Ok<ReportedTask>, ProblemHttpResult>> Report(
        string taskId, ReportTaskRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToCommand(taskId), cancellationToken) is { } reported ? TypedResults.Ok(reported) : TaskNotFound();

    private static async Task<Ok<AppendedOutput>> AppendOutput(
        string taskId,
        [Description("completed or failed, to end the task with the output")] string? finish,
        [Description("Kind of the text: output, thinking, tool_call, tool_result or system")] string? kind,
        IMediator mediator,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var end = FinishRequest.Parse(finish);
        AppendReceipt receipt;
        if (context.Request.HasJsonContentType())
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MaxJsonBodyBytes;
            var request = await ReadJsonAsync<AppendOutputRequest>(context, cancellationToken);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(AppendDeadline);
            receipt = await mediator.Send(request.ToCommand(taskId), deadline.Token);
        }
        else
        {
            LetItLast(context);
            // A stopping server waits for its requests: a pipe that goes on is cut off, with what it brought so far kept.
            var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
            receipt = await mediator.Send(new AppendTextCommand(taskId, context.Request.Body, string.IsNullOrEmpty(kind) ? OutputKinds.Output : kind), ending.Token);
        }

        if (end is { } status)
        {
            await mediator.Send(new ReportTaskCommand(taskId, new TaskReport(status), ReportOrigin.Patch, CreateMissing: true), cancellationToken);
        }

        return TypedResults.Ok(new AppendedOutput(taskId, receipt.Accepted, receipt.Duplicates, receipt.LastOffset));
    }

    private static async Task<Results<Ok<Answer<StoppedTask>>, ProblemHttpResult>> Stop(
        string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new StopTaskCommand(taskId), cancellationToken) switch
        {
            { Stopped: true } stopped => TypedResults.Ok(Answers.Done("Task stopped", stopped)),
            { } ended => TypedResults.Ok(Answers.NotDone($"Cannot stop task in status: {ended.Status.Name()}", ended)),
            null => TaskNotFound(),
        };

    private static async Task<Results<Ok<RetriedTask>, ProblemHttpResult>> Retry(
        string taskId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new RetryTaskCommand(taskId), cancellationToken) is { } retried ? TypedResults.Ok(retried) : TaskNotFound();

    private static async Task<Ok<TaskOutcomes>> StopSeveral(TaskIdsRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(new StopTasksCommand(request.TaskIds ?? []), cancellationToken));

    private static async Task<Ok<TaskOutcomes>> RetrySeveral(TaskIdsRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(new RetryTasksCommand(request.TaskIds ?? []), cancellationToken));

    private static async Task<Results<Ok<ReportedTask>, ProblemHttpResult>> SendInput(
        string taskId, SendInputRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToCommand(taskId), cancellationToken) is { } sent ? TypedResults.Ok(sent) : TaskNotFound();

    private static async Task<Ok<IReadOnlyList<Agent>>> ListAgents(IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(new ListAgentsQuery(), cancellationToken));

    private static ProblemHttpResult TaskNotFound() => TypedResults.Problem("Task not found", statusCode: StatusCodes.Status404NotFound);

    /// <summary>A pipe may be large, slow and silent for hours.</summary>
    private static void LetItLast(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private static async Task<T> ReadJsonAsync<T>(HttpContext context, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await context.Request.ReadFromJsonAsync<T>(cancellationToken) ?? throw new BadHttpRequestException("The body is empty.");
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("The body cannot be read.", e);
        }
    }
}
