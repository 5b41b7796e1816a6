using System.Globalization;
using System.Security.Cryptography;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Api.Realtime.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Takes a request from its handshake to the end of its connection.</summary>
internal sealed partial class WebSocketAcceptor(
    RealtimeHub hub,
    IOptions<RealtimeOptions> options,
    RealtimeMetrics metrics,
    ClientCommands commands,
    TimeProvider time,
    ILogger<WebSocketAcceptor> logger)
{
    private readonly RealtimeOptions _options = options.Value;

    /// <param name="context">The request.</param>
    /// <param name="channels">What the client is subscribed to at once.</param>
    /// <returns>Why the request was refused; after a connection, nothing.</returns>
    public async Task<IResult> AcceptAsync(HttpContext context, params string[] channels)
    {
        if (Handshake.Refusal(context, _options.AllowedOrigins) is var (status, detail))
        {
            if (status == StatusCodes.Status426UpgradeRequired)
            {
                Handshake.DescribeUpgrade(context.Response.Headers);
            }

            return Refuse(status, detail);
        }

        if (!hub.TryAdmit())
        {
            context.Response.Headers.RetryAfter = _options.ReconnectWithinSeconds.ToString(CultureInfo.InvariantCulture);
            return Refuse(StatusCodes.Status503ServiceUnavailable, "This server takes no more connections now.");
        }

        try
        {
            await ServeAsync(context, channels);
        }
        finally
        {
            hub.Leave();
        }

        return TypedResults.Empty;
    }

    private async Task ServeAsync(HttpContext context, string[] channels)
    {
        var transport = new Transport(
            await Handshake.AcceptAsync(context),
            context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport.Output,
            context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort);
        var connection = new Connection(RandomNumberGenerator.GetHexString(32, lowercase: true), transport, _options, metrics, time);
        var protocol = new ClientProtocol(connection, hub, _options, time, channels, commands, context.User, logger);
        var start = time.GetTimestamp();
        hub.Add(connection);
        try
        {
            await connection.RunAsync(protocol);
        }
        finally
        {
            hub.Remove(connection);
            metrics.Disconnected(connection.CloseCode);
            var seconds = time.GetElapsedTime(start).TotalSeconds;
            LogEnded(logger, connection.Id, connection.CloseCode, seconds);
        }
    }

    private ProblemHttpResult Refuse(int status, string detail)
    {
        metrics.Refused(status);
        return TypedResults.Problem(detail, statusCode: status);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "WebSocket {ConnectionId} ended with {CloseCode} after {Seconds:0.0} s")]
    private static partial void LogEnded(ILogger logger, string connectionId, int closeCode, double seconds);
}
