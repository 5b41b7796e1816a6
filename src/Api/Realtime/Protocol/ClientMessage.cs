using System.Text.Json;
using GrooteDashboard.Api.Realtime.Protocol.Commands;
using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Api.Realtime.Protocol;

/// <summary>A channel that a client names.</summary>
/// <param name="Channel">Its name, which may be none.</param>
/// <param name="Since">The position that the client has already: it wants what came after.</param>
internal readonly record struct ChannelRequest(string Channel, ChannelPosition? Since);

/// <summary>A client's frame, read.</summary>
/// <param name="Type">What the client wants; null where the frame does not say so.</param>
/// <param name="Id">The client's name for this frame as raw JSON, for answers to carry; null if it has none.</param>
/// <param name="Channels">The channels that it names.</param>
/// <param name="Command">What it wants to be done beyond this connection, if anything.</param>
internal sealed record ClientMessage(string? Type, string? Id, IReadOnlyList<ChannelRequest> Channels, ClientCommand? Command = null)
{
    public const int MaxChannels = 100;

    /// <summary>What shows who the client is, in an <c>auth</c> frame.</summary>
    public string? Token { get; init; }

    private const int MaxIdLength = 130;
    private static readonly JsonDocumentOptions Bounded = new() { MaxDepth = 8 };

    /// <summary>Reads a frame. False: <paramref name="message"/> has nothing but the id, if that much could be read.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, out ClientMessage message, out (string Code, string Text) problem)
    {
        message = new ClientMessage(null, null, []);
        problem = (ErrorCodes.Malformed, "A frame is one JSON object.");
        try
        {
            using var document = JsonDocument.Parse(utf8, Bounded);
            return TryRead(document.RootElement, ref message, ref problem);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON; or escapes in a string that are no character.
            return false;
        }
    }

    private static bool TryRead(JsonElement root, ref ClientMessage message, ref (string Code, string Text) problem)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (!TryGetId(root, out var id))
        {
            problem.Text = "id must be a short string or number.";
            return false;
        }

        message = new ClientMessage(Text(root, "type"), id, []) { Token = Text(root, "token") };
        if (message.Type is null)
        {
            problem.Text = "type must be a string.";
            return false;
        }

        if (!TryGetChannels(root, out var channels, ref problem))
        {
            return false;
        }

        if (!ClientCommand.TryRead(message.Type, root, out var command, out var wrong))
        {
            problem = (ErrorCodes.Malformed, wrong);
            return false;
        }

        message = message with { Channels = channels, Command = command };
        return true;
    }

    private static bool TryGetId(JsonElement root, out string? id)
    {
        id = null;
        if (!root.TryGetProperty("id", out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || value.GetRawText() is not { Length: <= MaxIdLength } raw)
        {
            return false;
        }

        id = raw;
        return true;
    }

    private static bool TryGetChannels(JsonElement root, out IReadOnlyList<ChannelRequest> channels, ref (string Code, string Text) problem)
    {
        channels = [];
        if (root.TryGetProperty("channel", out _))
        {
            problem.Text = "channel must be a string, and since an epoch and an offset.";
            channels = TryGetChannel(root, out var one) ? [one] : [];
            return channels.Count == 1;
        }

        if (!root.TryGetProperty("channels", out var many))
        {
            return true;
        }

        problem.Text = "channels must be an array of objects with a channel, and since an epoch and an offset.";
        if (many.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        if (many.GetArrayLength() > MaxChannels)
        {
            problem = (ErrorCodes.TooManyChannels, $"A frame names at most {MaxChannels} channels.");
            return false;
        }

        var requests = new List<ChannelRequest>(many.GetArrayLength());
        foreach (var item in many.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !TryGetChannel(item, out var request))
            {
                return false;
            }

            requests.Add(request);
        }

        channels = requests;
        return true;
    }

    private static bool TryGetChannel(JsonElement item, out ChannelRequest request)
    {
        request = default;
        if (Text(item, "channel") is not { } channel)
        {
            return false;
        }

        if (!item.TryGetProperty("since", out var since) || since.ValueKind == JsonValueKind.Null)
        {
            request = new ChannelRequest(channel, null);
            return true;
        }

        if (since.ValueKind != JsonValueKind.Object
            || Text(since, "epoch") is not { } epoch
            || !since.TryGetProperty("offset", out var number)
            || number.ValueKind != JsonValueKind.Number
            || !number.TryGetInt64(out var offset)
            || offset < 0)
        {
            return false;
        }

        request = new ChannelRequest(channel, new ChannelPosition(epoch, offset));
        return true;
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
