using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>What a client may say, and what it is answered (docs/protocol/websocket.md).</summary>
internal sealed partial class ClientProtocol(
    Connection connection,
    RealtimeHub hub,
    RealtimeOptions options,
    TimeProvider time,
    IReadOnlyList<string> initialChannels,
    ClientCommands commands,
    ILogger logger)
{
    private static readonly byte[] Pong = ServerMessages.Pong();

    private TokenBucket _frames = new(options.FrameBurst, time);
    private TokenBucket _bytes = new(options.ByteBurst, time);

    /// <summary>Says <c>connected</c>, and begins if it is known who the client is.</summary>
    public async ValueTask GreetAsync()
    {
        connection.Send(ServerMessages.Connected(connection.Id, options.HeartbeatInterval));
        if (connection.Access.IsGranted)
        {
            await BeginAsync();
        }
    }

    public async ValueTask HandleAsync(ClientFrame frame)
    {
        var isTooFast = !_frames.TryTake(1, options.FramesPerSecond, options.FrameBurst, time)
            | !_bytes.TryTake(frame.Payload.Length, options.BytesPerSecond, options.ByteBurst, time);
        if (_frames.IsAbused(options.FramesPerSecond) || _bytes.IsAbused(options.BytesPerSecond))
        {
            connection.Close(CloseCodes.TooMany, "too many frames");
        }
        else if (isTooFast)
        {
            // Not obeyed, but read that far: the client learns which of its frames it was.
            _ = ClientMessage.TryParse(frame.Payload, out var refused, out _);
            Refuse(refused.Id, (ErrorCodes.TooFast, $"At most {options.FramesPerSecond} frames and {options.BytesPerSecond} bytes per second."));
        }
        else if (frame.Opcode == Opcode.Pong)
        {
            // That it came was all it had to say.
        }
        else if (frame.Opcode == Opcode.Ping)
        {
            connection.Send(FrameEncoder.Pong(frame.Payload.Span));
        }
        else if (frame.Opcode == Opcode.Binary)
        {
            Refuse(null, (ErrorCodes.BinaryNotSupported, "Frames are text."));
        }
        else if (frame.Payload.Span.SequenceEqual("ping"u8))
        {
            connection.Send(Pong);
        }
        else if (!ClientMessage.TryParse(frame.Payload, out var message, out var problem))
        {
            Refuse(message.Id, problem);
        }
        else if (message.Type == "auth")
        {
            await AuthenticateAsync(message);
        }
        else if (!connection.Access.IsGranted && message.Type != "ping")
        {
            Refuse(message.Id, (ErrorCodes.Unauthenticated, "Say who you are first."));
        }
        else if (message.Command is { } command)
        {
            var (refusal, sent) = await commands.ObeyAsync(command, connection.Access);
            connection.Send(refusal is var (code, text) ? ServerMessages.Error(code, text, message.Id) : ServerMessages.Ack(message.Id, sent));
        }
        else if (await TryObeyAsync(message) && message.Id is { } id)
        {
            connection.Send(ServerMessages.Ack(id));
        }
    }

    /// <summary>Subscribes existing clients, who do not know how to, to what they always got.</summary>
    private async ValueTask BeginAsync()
    {
        foreach (var channel in initialChannels)
        {
            await SubscribeAsync(new ChannelRequest(channel, null), null);
        }
    }

    /// <summary>The client says who it is: for the first time, or again before what it said expires.</summary>
    private async ValueTask AuthenticateAsync(ClientMessage message)
    {
        if (message.Token is not { } token)
        {
            Refuse(message.Id, (ErrorCodes.Malformed, "token must be a string."));
            return;
        }

        var isFirst = !connection.Access.IsGranted;
        int? refusal;
        try
        {
            using var deadline = new CancellationTokenSource(options.SubscribeTimeout, time);
            refusal = await connection.Access.AuthenticateAsync(token, deadline.Token);
        }
        catch (Exception e)
        {
            LogAuthenticationFailed(logger, e, connection.Id);
            Refuse(message.Id, (ErrorCodes.Unavailable, "It cannot be found out now who you are; try again."));
            return;
        }

        if (refusal is { } closeCode)
        {
            Refuse(message.Id, (closeCode == CloseCodes.Forbidden ? ErrorCodes.Forbidden : ErrorCodes.Unauthenticated, "This token does not let you in."));
            connection.Close(closeCode, "not let in");
            return;
        }

        hub.LookAfter(connection);
        connection.Send(ServerMessages.Ack(message.Id));
        if (isFirst)
        {
            await BeginAsync();
        }
        else
        {
            await ReviewAsync();
        }
    }

    /// <summary>The client is somebody else now, perhaps: what it may not watch any more ends.</summary>
    private async ValueTask ReviewAsync()
    {
        foreach (var channel in connection.Subscriptions.Select(subscription => subscription.Channel.Name).ToList())
        {
            if (!await MayWatchAsync(channel, null))
            {
                hub.Unsubscribe(connection, channel);
            }
        }
    }

    /// <summary>Whether the client may watch a channel; where not, it is told so.</summary>
    private async ValueTask<bool> MayWatchAsync(string channel, string? id)
    {
        try
        {
            using var deadline = new CancellationTokenSource(options.SubscribeTimeout, time);
            return await connection.Access.MayWatchAsync(channel, deadline.Token)
                || Refuse(id, (ErrorCodes.Forbidden, "You may not watch this channel."), channel);
        }
        catch (Exception e)
        {
            LogAuthenticationFailed(logger, e, connection.Id);
            return Refuse(id, (ErrorCodes.Unavailable, "It cannot be found out now whether you may watch this channel; try again."), channel);
        }
    }

    /// <summary>Subscribes to one channel. Every way to a subscription passes here, and each is authorised by itself.</summary>
    private async ValueTask<bool> SubscribeAsync(ChannelRequest request, string? id)
    {
        var channel = request.Channel;
        if (!Channels.IsKnown(channel))
        {
            return Refuse(id, (ErrorCodes.InvalidChannel, "There is no such channel."), channel);
        }

        // Subscribing again starts again.
        hub.Unsubscribe(connection, channel);
        if (!await MayWatchAsync(channel, id))
        {
            return false;
        }

        if (connection.Subscriptions.Count >= options.MaxSubscriptions)
        {
            return Refuse(id, (ErrorCodes.TooManySubscriptions, $"At most {options.MaxSubscriptions} channels per connection."), channel);
        }

        try
        {
            await hub.SubscribeAsync(connection, channel, request.Since);
            return true;
        }
        catch (Exception e)
        {
            LogSubscribeFailed(logger, e, channel);
            return Refuse(id, (ErrorCodes.Unavailable, "The channel's position cannot be read now; try again."), channel);
        }
    }

    private async ValueTask<bool> TryObeyAsync(ClientMessage message)
    {
        switch (message.Type)
        {
            case "ping":
                connection.Send(Pong);
                return true;

            case "subscribe" or "unsubscribe" when message.Channels.Count == 0:
                return Refuse(message.Id, (ErrorCodes.InvalidChannel, "Name a channel."));

            case "subscribe":
                var all = true;
                foreach (var request in message.Channels)
                {
                    all &= await SubscribeAsync(request, message.Id);
                }

                return all;

            case "unsubscribe":
                foreach (var (channel, _) in message.Channels)
                {
                    hub.Unsubscribe(connection, channel);
                    connection.Send(ServerMessages.Unsubscribed(channel));
                }

                return true;

            default:
                return Refuse(message.Id, (ErrorCodes.UnknownType, "There is no frame of this type."));
        }
    }

    private bool Refuse(string? id, (string Code, string Text) problem, string? channel = null)
    {
        connection.Send(ServerMessages.Error(problem.Code, problem.Text, id, channel));
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "It cannot be found out what connection {ConnectionId} may do")]
    private static partial void LogAuthenticationFailed(ILogger logger, Exception exception, string connectionId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The position of channel {Channel} cannot be read")]
    private static partial void LogSubscribeFailed(ILogger logger, Exception exception, string channel);
}
