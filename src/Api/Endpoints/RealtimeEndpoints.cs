using System.Security.Claims;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Application.Identity.Commands;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Realtime.Contracts;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>The WebSocket addresses; what is spoken there is in docs/protocol/websocket.md. And the tickets that open them.</summary>
internal static class RealtimeEndpoints
{
    public static IEndpointRouteBuilder MapRealtimeEndpoints(this IEndpointRouteBuilder routes)
    {
        // Everybody gets as far as the WebSocket, which finds out who it is: there are more ways to say so than a request's header, and a refusal
        // before the upgrade is one that a browser's page cannot tell from a broken network.
        // A connection lasts for hours: among the durations of requests it would say nothing.
        var group = routes.MapGroup("/ws").AllowAnonymous().DisableHttpMetrics().ExcludeFromDescription();
        group.MapGet("", ConnectAsync);
        group.MapGet("/{client}", ConnectExistingClientAsync);

        routes.MapPost("/api/realtime/tickets", IssueTicket).WithTags("Realtime").RequireAuthorization(Policies.Viewer)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("A ticket for one WebSocket connection: /ws?ticket=…, once, within 30 seconds");
        return routes;
    }

    private static Task<IResult> ConnectAsync(HttpContext context, WebSocketAcceptor acceptor) => acceptor.AcceptAsync(context);

    /// <summary>Existing clients subscribe to nothing: they get what they always got.</summary>
    private static Task<IResult> ConnectExistingClientAsync(HttpContext context, WebSocketAcceptor acceptor) =>
        acceptor.AcceptAsync(context, Channels.Tasks, Channels.Cli);

    private static async Task<Ok<IssuedTicket>> IssueTicket(
        ClaimsPrincipal user, IMediator mediator, HttpResponse response, CancellationToken cancellationToken)
    {
        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(await mediator.Send(new IssueTicketCommand(user.ToPrincipal()), cancellationToken));
    }
}
