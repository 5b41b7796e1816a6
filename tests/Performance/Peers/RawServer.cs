using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;

namespace GrooteDashboard.Performance.Peers;

/// <summary>
/// The shortest way from Redis to a WebSocket with the framework's own means: every published message is sent to every subscriber of
/// its channel, one after another. It stores nothing, numbers nothing and bounds nothing for a client that does not read.
/// </summary>
internal static class RawServer
{
    public const string Path = "/raw";
    public const string ReadyPath = "/";

    private const int InboxCapacity = 100_000;

    private static readonly ConcurrentDictionary<string, ConcurrentDictionary<WebSocket, bool>> Subscribers = new(StringComparer.Ordinal);

    public static async Task<int> RunAsync(string redisAddress)
    {
        var app = WebApplication.CreateBuilder().Build();
        app.UseWebSockets();
        app.MapGet(ReadyPath, () => "ready");
        app.MapLiveBytes();
        app.Map(Path, ServeAsync);

        using var redis = await ConnectionMultiplexer.ConnectAsync(redisAddress);
        redis.PreserveAsyncOrder = true;
        var inbox = Channel.CreateBounded<(string Channel, byte[] Payload)>(InboxCapacity);
        await redis.GetSubscriber().SubscribeAsync(
            new RedisChannel("task:*:output", RedisChannel.PatternMode.Pattern),
            (channel, payload) => inbox.Writer.TryWrite((channel!, payload!)));
        _ = Task.Run(() => ForwardAsync(inbox.Reader));
        await app.RunAsync();
        return 0;
    }

    private static async Task ServeAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4_096];
        var watched = new List<ConcurrentDictionary<WebSocket, bool>>();
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted)
                   is { MessageType: WebSocketMessageType.Text } received)
            {
                var channel = JsonElement.Parse(buffer.AsSpan(0, received.Count)).GetProperty("channel").GetString()!;
                var answer = JsonSerializer.SerializeToUtf8Bytes(new { type = "subscribed", channel });
                await socket.SendAsync(answer, WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
                var subscribers = Subscribers.GetOrAdd(channel, _ => []);
                subscribers[socket] = true;
                watched.Add(subscribers);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client is gone.
        }
        finally
        {
            watched.ForEach(subscribers => subscribers.TryRemove(socket, out _));
        }
    }

    private static async Task ForwardAsync(ChannelReader<(string Channel, byte[] Payload)> inbox)
    {
        await foreach (var (redisChannel, payload) in inbox.ReadAllAsync())
        {
            // task:{id}:output is the channel task:{id}.
            var channel = redisChannel[..redisChannel.LastIndexOf(':')];
            if (!Subscribers.TryGetValue(channel, out var subscribers))
            {
                continue;
            }

            foreach (var (socket, _) in subscribers)
            {
                try
                {
                    await socket.SendAsync(payload, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                }
                catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
                {
                    subscribers.TryRemove(socket, out _);
                }
            }
        }
    }
}
