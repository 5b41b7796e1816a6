using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace GrooteDashboard.Testing;

/// <summary>A WebSocket client for tests: sends JSON, receives JSON, and every wait has a deadline.</summary>
public sealed class WsClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    private WsClient()
    {
    }

    /// <summary>The subprotocol that the server has selected.</summary>
    public string? Subprotocol => _socket.SubProtocol;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    /// <summary>Connects, without waiting for the server's <c>connected</c>.</summary>
    /// <param name="server">The server's address, http or https.</param>
    /// <param name="path">Where to.</param>
    /// <param name="configure">Headers, certificates and the like.</param>
    public static async Task<WsClient> ConnectAsync(Uri server, string path = "/ws", Action<ClientWebSocketOptions>? configure = null)
    {
        var client = new WsClient();
        configure?.Invoke(client._socket.Options);
        var address = new UriBuilder(new Uri(server, path)) { Scheme = server.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" }.Uri;
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        await client._socket.ConnectAsync(address, deadline.Token);
        return client;
    }

    /// <summary>Sends an object as JSON; names as they are written (anonymous objects in snake_case).</summary>
    public Task SendAsync(object message) => SendTextAsync(JsonSerializer.Serialize(message));

    public Task SendTextAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public async Task SendAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType type)
    {
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        await _socket.SendAsync(payload, type, endOfMessage: true, deadline.Token);
    }

    /// <summary>The next frame; fails where there is none in time, or the server closes.</summary>
    public async Task<JsonElement> ReceiveAsync(TimeSpan? within = null) =>
        await TryReceiveAsync(within) ?? throw new InvalidOperationException($"The server closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}");

    /// <summary>The next frame, which must be of this type.</summary>
    public async Task<JsonElement> ReceiveAsync(string type, TimeSpan? within = null)
    {
        var frame = await ReceiveAsync(within);
        return frame.Type() == type ? frame : throw new InvalidOperationException($"Expected {type}, received {frame.GetRawText()}");
    }

    /// <summary>All frames up to the first that fulfils the condition, it included.</summary>
    public async Task<List<JsonElement>> CollectUntilAsync(Predicate<JsonElement> isLast, TimeSpan? within = null)
    {
        var frames = new List<JsonElement>();
        do
        {
            frames.Add(await ReceiveAsync(within));
        }
        while (!isLast(frames[^1]));
        return frames;
    }

    /// <summary>Subscribes and returns <c>subscribed</c>; frames of other channels that come before it are passed over.</summary>
    public async Task<JsonElement> SubscribeAsync(string channel)
    {
        await SendAsync(new { type = "subscribe", channel });
        return (await CollectUntilAsync(frame => frame.Type() == "subscribed" && frame.GetProperty("channel").GetString() == channel))[^1];
    }

    /// <summary>Reads until the server closes, and returns why.</summary>
    public async Task<int> ReceiveCloseAsync()
    {
        while (await TryReceiveAsync() is not null)
        {
        }

        return (int)_socket.CloseStatus!.Value;
    }

    public async Task CloseAsync()
    {
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
    }

    /// <summary>Ends the connection without a word.</summary>
    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement?> TryReceiveAsync(TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? Probe.Deadline);
        var buffer = new ArrayBufferWriter<byte>();
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.GetMemory(4096), deadline.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, deadline.Token);
                return null;
            }

            buffer.Advance(received.Count);
            if (received.EndOfMessage)
            {
                return JsonElement.Parse(buffer.WrittenSpan);
            }
        }
    }
}

/// <summary>Shorthands for frames.</summary>
public static class FrameExtensions
{
    public static string? Type(this JsonElement frame) => frame.Text("type");

    public static string? Text(this JsonElement frame, string name) => frame.TryGetProperty(name, out var value) ? value.GetString() : null;

    public static long Offset(this JsonElement frame) => frame.GetProperty("offset").GetInt64();
}
