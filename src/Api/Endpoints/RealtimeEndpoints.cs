using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Endpoints;

/// <summary>The WebSocket addresses; what is spoken there is in docs/protocol/websocket.md.</summary>
internal static class RealtimeEndpoints
{
    public static IEndpointRouteBuilder MapRealtimeEndpoints(this IEndpointRouteBuilder routes)
    {
        // A connection lasts for hours: among the durations of requests it would say nothing.
        var group = routes.MapGroup("/ws").RequireAuthorization("Viewer").DisableHttpMetrics().ExcludeFromDescription();
        group.MapGet("", ConnectAsync);
        group.MapGet("/{client}", ConnectExistingClientAsync);
        return routes;
    }

    private static Task<IResult> ConnectAsync(HttpContext context, WebSocketAcceptor acceptor) => acceptor.AcceptAsync(context);

    /// <summary>Existing clients subscribe to nothing: they get what they always got.</summary>
    private static Task<IResult> ConnectExistingClientAsync(HttpContext context, WebSocketAcceptor acceptor) =>
        acceptor.AcceptAsync(context, Channels.Tasks, Channels.Cli);
}
