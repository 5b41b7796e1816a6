using System.Security.Claims;
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
    ClaimsPrincipal user,
    ILogger logger)
{
    private static readonly byte[] Pong = ServerMessages.Pong();

    private readonly TokenBucket _frames = new(options.FramesPerSecond, options.FrameBurst, time);

    /// <summary>Says <c>connected</c>, and subscribes existing clients, who do not know how to, to what they always got.</summary>
    public async ValueTask GreetAsync()
    {
        connection.Send(ServerMessages.Connected(connection.Id, options.HeartbeatInterval));
        foreach (var channel in initialChannels)
        {
            await SubscribeAsync(new ChannelRequest(channel, null), null);
        }
    }

    public async ValueTask HandleAsync(ClientFrame frame)
    {
        var isTooFast = !_frames.TryTake();
        if (_frames.IsAbused)
        {
            connection.Close(CloseCodes.TooMany, "too many frames");
        }
        else if (isTooFast)
        {
            Refuse(null, (ErrorCodes.TooFast, $"At most {options.FramesPerSecond} frames per second."));
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
        else if (message.Command is { } command)
        {
            var (refusal, sent) = await commands.ObeyAsync(command, user);
            connection.Send(refusal is var (code, text) ? ServerMessages.Error(code, text, message.Id) : ServerMessages.Ack(message.Id, sent));
        }
        else if (await TryObeyAsync(message) && message.Id is { } id)
        {
            connection.Send(ServerMessages.Ack(id));
        }
    }

    /// <summary>Subscribes to one channel. Every way to a subscription passes here: this is the place to ask whether the client may.</summary>
    private async ValueTask<bool> SubscribeAsync(ChannelRequest request, string? id)
    {
        var channel = request.Channel;
        if (!Channels.IsKnown(channel))
        {
            return Refuse(id, (ErrorCodes.InvalidChannel, "There is no such channel."), channel);
        }

        // Subscribing again starts again.
        hub.Unsubscribe(connection, channel);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The position of channel {Channel} cannot be read")]
    private static partial void LogSubscribeFailed(ILogger logger, Exception exception, string channel);
}
