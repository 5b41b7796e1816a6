using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Realtime.Protocol;
using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Identity.Ports;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace GrooteDashboard.Api.Realtime;

/// <summary>Takes a request from its handshake to the end of its connection.</summary>
internal sealed partial class WebSocketAcceptor(
    RealtimeHub hub,
    Fanout fanout,
    ConnectionRegistry connections,
    IAccessControl accessControl,
    ITicketStore tickets,
    IOptions<RealtimeOptions> options,
    RealtimeMetrics metrics,
    ClientCommands commands,
    TimeProvider time,
    ILogger<WebSocketAcceptor> logger)
{
    /// <summary>While nothing comes, there is no buffer.</summary>
    private static readonly StreamPipeReaderOptions ZeroByteReads = new(leaveOpen: true, useZeroByteReads: true);

    private readonly RealtimeOptions _options = options.Value;

    // One for all connections.
    private Action<Connection>? _end;

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

        var plain = UpgradableConnection.Of(context);
        Stream input;
        Session session;
        try
        {
            session = await BeginSessionAsync(context, channels);
            plain?.BeginHandshake();
            input = await Handshake.AcceptAsync(context, session.Subprotocol, session.Extensions);
        }
        catch
        {
            hub.Leave();
            throw;
        }

        if (plain is not null)
        {
            // It outlives its request: nothing there may know it.
            TakeOver(plain, session);
        }
        else
        {
            var output = context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport.Output;
            await ServeAsync(new PipeTransport(PipeReader.Create(input, ZeroByteReads), output, context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort), session);
        }

        return TypedResults.Empty;
    }

    private async Task<Session> BeginSessionAsync(HttpContext context, string[] channels)
    {
        var access = new ConnectionAccess(accessControl, _options.AuthTimeout, time);
        var refusal = await AuthenticateAsync(context, access);
        return new Session(
            access,
            refusal,
            channels,
            Credentials.OffersSubprotocol(context.Request) ? Credentials.Subprotocol : null,
            _options.Compression ? PerMessageDeflate.Negotiate(context.Request.Headers.SecWebSocketExtensions) : null);
    }

    private void TakeOver(UpgradableConnection connection, Session session) => connection.TakeOver(() => ServeAsync(connection, session));

    private Task ServeAsync(ITransport transport, Session session)
    {
        var id = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var connection = new Connection(id, transport, fanout.Next(), connections, _options, metrics, time)
        {
            Access = session.Access,
            IsCompressed = session.Extensions is not null,
        };
        hub.Add(connection);
        if (session.Refusal is { } closeCode)
        {
            // After the upgrade: of a refused handshake a browser's page learns nothing.
            connection.Close(closeCode, "not let in");
        }

        return connection.RunAsync(new ClientProtocol(connection, hub, _options, time, session.Channels, commands, logger), _end ??= End);
    }

    /// <summary>Its place is free again.</summary>
    private void End(Connection connection)
    {
        hub.Remove(connection);
        hub.Leave();
        metrics.Disconnected(connection.CloseCode);
        LogEnded(logger, connection.Id, connection.CloseCode, connection.Access.Age.TotalSeconds);
    }

    /// <summary>Looks at what the request shows. Where it shows nothing, and has to, the client may still say who it is.</summary>
    /// <returns>The code to close with, if any.</returns>
    private async Task<int?> AuthenticateAsync(HttpContext context, ConnectionAccess access)
    {
        if (Credentials.Ticket(context.Request) is { } ticket)
        {
            return access.Grant(await tickets.TakeAsync(ticket, context.RequestAborted));
        }

        var token = Credentials.ForConnection(context.Request);
        var refusal = await access.AuthenticateAsync(token, context.RequestAborted);
        return token is null && refusal == CloseCodes.Unauthenticated ? null : refusal;
    }

    private ProblemHttpResult Refuse(int status, string detail)
    {
        metrics.Refused(status);
        return TypedResults.Problem(detail, statusCode: status);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "WebSocket {ConnectionId} ended with {CloseCode} after {Seconds:0.0} s")]
    private static partial void LogEnded(ILogger logger, string connectionId, int closeCode, double seconds);

    /// <summary>What the handshake says about what comes after it.</summary>
    /// <param name="Access">Who the client is.</param>
    /// <param name="Refusal">The code to close with at once, if any.</param>
    /// <param name="Channels">What the client is subscribed to at once.</param>
    /// <param name="Subprotocol">The one that is selected, if any.</param>
    /// <param name="Extensions">Those agreed on: compression, or none.</param>
    private sealed record Session(ConnectionAccess Access, int? Refusal, string[] Channels, string? Subprotocol, string? Extensions);
}
