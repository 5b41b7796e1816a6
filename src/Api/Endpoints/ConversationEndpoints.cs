using System.Globalization;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Application.Conversations.Commands;
using GrooteDashboard.Application.Conversations.Contracts;
using GrooteDashboard.Application.Conversations.Queries;
using GrooteDashboard.Application.Tasks.Contracts;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>Conversations and their messages; and chat, which gives an agent something to do.</summary>
internal static class ConversationEndpoints
{
    private const string NextCursor = "Next-Cursor";

    public static void MapConversationEndpoints(this IEndpointRouteBuilder app)
    {
        var reading = Group(app, "/api/conversations", Policies.Viewer);
        reading.MapGet("/", List).WithSummary("Conversations, last changed first; header Next-Cursor where there are more");
        reading.MapGet("/{conversationId}", Get).WithSummary("One conversation, with its newest 500 messages").ProducesProblem(StatusCodes.Status404NotFound);
        reading.MapGet("/{conversationId}/messages", ListMessages).ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("The newest messages, oldest first; headers Next-Cursor (to the older ones) and Channel-Position (where live goes on)");
        reading.MapGet("/{conversationId}/metrics", GetMetrics).WithSummary("What its runs come to").ProducesProblem(StatusCodes.Status404NotFound);
        reading.MapGet("/{conversationId}/log", GetLog).WithSummary("What was said on its channel, by offset").ProducesProblem(StatusCodes.Status404NotFound);

        var steering = Group(app, "/api/conversations", Policies.Operator);
        steering.MapPut("/{conversationId}", Update).WithSummary("Rename or archive").ProducesProblem(StatusCodes.Status404NotFound);
        steering.MapDelete("/{conversationId}", Delete).WithSummary("Delete with all messages").ProducesProblem(StatusCodes.Status404NotFound);
        steering.MapPost("/{conversationId}/clear", Clear).WithSummary("Delete all messages").ProducesProblem(StatusCodes.Status404NotFound);
        Group(app, "/api/chat", Policies.Operator).MapPost("/", Chat).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Say something to an agent: in a conversation, or to begin one");

        // Engines keep conversations as people do.
        var taking = Group(app, "/api/conversations", Policies.Participant);
        taking.MapPost("/", Create).WithSummary("Begin a conversation");
        taking.MapPost("/{conversationId}/messages", AddMessage).WithSummary("Save a message; it starts no task").ProducesProblem(StatusCodes.Status404NotFound);
        var engine = Group(app, "/api/conversations", Policies.Reader);
        engine.MapGet("/by-flow/{**flowId}", GetByFlow).WithSummary("The newest conversation of a thread at a source").ProducesProblem(StatusCodes.Status404NotFound);
        engine.MapGet("/{conversationId}/context", GetContext).WithSummary("The newest messages for a prompt").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static RouteGroupBuilder Group(IEndpointRouteBuilder app, string prefix, string policy) => app.MapGroup(prefix)
        .WithTags("Conversations").RequireAuthorization(policy)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Ok<IReadOnlyList<ConversationSummary>>> List(
        [AsParameters] ListConversationsRequest request, IMediator mediator, HttpResponse response, CancellationToken cancellationToken)
    {
        var page = await mediator.Send(request.ToQuery(), cancellationToken);
        if (page.Next is { } next)
        {
            response.Headers[NextCursor] = next.ToString();
        }

        return TypedResults.Ok(page.Items);
    }

    private static async Task<Results<Ok<ConversationSummary>, Ok<ConversationDetails>, ProblemHttpResult>> Get(
        string conversationId, [AsParameters] GetConversationRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(conversationId), cancellationToken) switch
        {
            ConversationDetails details => TypedResults.Ok(details),
            { } summary => TypedResults.Ok(summary),
            null => NotFound(),
        };

    private static async Task<Results<Ok<ConversationSummary>, ProblemHttpResult>> GetByFlow(
        string flowId, IMediator mediator, HttpContext context, CancellationToken cancellationToken) =>
        await mediator.Send(new GetConversationByFlowQuery(FlowIdOf(context) ?? flowId), cancellationToken) is { } conversation
            ? TypedResults.Ok(conversation)
            : NotFound();

    private static async Task<Results<Ok<IReadOnlyList<MessageDetails>>, ProblemHttpResult>> ListMessages(
        string conversationId, [AsParameters] ListMessagesRequest request, IMediator mediator, HttpResponse response, CancellationToken cancellationToken)
    {
        if (await mediator.Send(request.ToQuery(conversationId), cancellationToken) is not { } page)
        {
            return NotFound();
        }

        if (page.Next is { } next)
        {
            response.Headers[NextCursor] = next.ToString(CultureInfo.InvariantCulture);
        }

        response.Headers["Channel-Position"] = Describe(page.Position);
        return TypedResults.Ok(page.Items);
    }

    private static async Task<Results<Ok<ConversationMetrics>, ProblemHttpResult>> GetMetrics(
        string conversationId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new GetConversationMetricsQuery(conversationId), cancellationToken) is { } metrics ? TypedResults.Ok(metrics) : NotFound();

    private static async Task<Results<Ok<IReadOnlyList<ContextMessage>>, ProblemHttpResult>> GetContext(
        string conversationId, [AsParameters] GetContextRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(conversationId), cancellationToken) is { } messages ? TypedResults.Ok(messages) : NotFound();

    private static async Task<Results<Ok<ConversationLogPage>, ProblemHttpResult>> GetLog(
        string conversationId, [AsParameters] GetConversationLogRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToQuery(conversationId), cancellationToken) is { } log ? TypedResults.Ok(log) : NotFound();

    private static async Task<Ok<ConversationSummary>> Create(CreateConversationRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        TypedResults.Ok(await mediator.Send(request.ToCommand(), cancellationToken));

    private static async Task<Results<Ok<ConversationSummary>, ProblemHttpResult>> Update(
        string conversationId, UpdateConversationRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToCommand(conversationId), cancellationToken) is { } conversation ? TypedResults.Ok(conversation) : NotFound();

    private static async Task<Results<Ok<Answer<object>>, ProblemHttpResult>> Delete(string conversationId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new DeleteConversationCommand(conversationId), cancellationToken)
            ? TypedResults.Ok(Answers.Done("Conversation deleted successfully"))
            : NotFound();

    private static async Task<Results<Ok<Answer<object>>, ProblemHttpResult>> Clear(string conversationId, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new ClearConversationCommand(conversationId), cancellationToken) is { } cleared
            ? TypedResults.Ok(Answers.Done($"Cleared {cleared} messages from conversation"))
            : NotFound();

    private static async Task<Results<Ok<MessageDetails>, ProblemHttpResult>> AddMessage(
        string conversationId, AddMessageRequest request, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(request.ToCommand(conversationId), cancellationToken) is { } message ? TypedResults.Ok(message) : NotFound();

    private static async Task<Results<Ok<Answer<SentMessage>>, ProblemHttpResult>> Chat(
        [AsParameters] ChatRequest where, ChatMessage message, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(where.ToCommand(message), cancellationToken) is { } sent
            ? TypedResults.Ok(Answers.Done("Task created", sent))
            : NotFound();

    /// <summary>
    /// Read from the request as it came: the framework leaves <c>%2F</c> encoded in a route value and decodes the rest, so that the two cannot be told apart.
    /// </summary>
    private static string? FlowIdOf(HttpContext context)
    {
        const string Prefix = "/by-flow/";
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.Split('?', 2)[0];
        var start = path.IndexOf(Prefix, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? null : Uri.UnescapeDataString(path[(start + Prefix.Length)..]);
    }

    private static string Describe(LogPosition position) =>
        string.Create(CultureInfo.InvariantCulture, $"{position.Channel}; epoch={position.Epoch}; offset={position.Offset}");

    private static ProblemHttpResult NotFound() => TypedResults.Problem("Conversation not found", statusCode: StatusCodes.Status404NotFound);
}
