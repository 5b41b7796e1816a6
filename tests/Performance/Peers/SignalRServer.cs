using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace GrooteDashboard.Performance.Peers;

/// <summary>
/// An ordinary SignalR hub with a group per channel, fed by the producers' channels in Redis. One process, so that it needs no backplane.
/// It stores nothing and numbers nothing.
/// </summary>
internal static class SignalRServer
{
    public const string Path = "/hub";
    public const string ReadyPath = "/";

    private const char RecordSeparator = '\x1e';
    private const int InboxCapacity = 100_000;

    public static async Task<int> RunAsync(string redisAddress)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddSignalR(options =>
        {
            // The clients answer nothing of SignalR's own.
            options.KeepAliveInterval = TimeSpan.FromSeconds(25);
            options.ClientTimeoutInterval = TimeSpan.FromHours(1);
        });
        var app = builder.Build();
        app.MapGet(ReadyPath, () => "ready");
        app.MapLiveBytes();
        app.MapHub<TaskHub>(Path);

        using var redis = await ConnectionMultiplexer.ConnectAsync(redisAddress);
        redis.PreserveAsyncOrder = true;
        var inbox = Channel.CreateBounded<(string Channel, string Payload)>(InboxCapacity);
        await redis.GetSubscriber().SubscribeAsync(
            new RedisChannel("task:*:output", RedisChannel.PatternMode.Pattern),
            (channel, payload) => inbox.Writer.TryWrite((channel!, payload!)));
        _ = Task.Run(() => ForwardAsync(inbox.Reader, app.Services.GetRequiredService<IHubContext<TaskHub>>()));
        await app.RunAsync();
        return 0;
    }

    /// <summary>The handshake of its JSON protocol, and the call that joins the group.</summary>
    public static string[] Subscribe(string channel) =>
    [
        $$"""{"protocol":"json","version":1}{{RecordSeparator}}""",
        $$"""{"type":1,"invocationId":"1","target":"Subscribe","arguments":["{{channel}}"]}{{RecordSeparator}}""",
    ];

    private static async Task ForwardAsync(ChannelReader<(string Channel, string Payload)> inbox, IHubContext<TaskHub> hub)
    {
        await foreach (var (redisChannel, payload) in inbox.ReadAllAsync())
        {
            // task:{id}:output is the channel task:{id}.
            await hub.Clients.Group(redisChannel[..redisChannel.LastIndexOf(':')]).SendAsync("task_output", payload);
        }
    }

    private sealed class TaskHub : Hub
    {
        public async Task<string> Subscribe(string channel)
        {
            await Groups.AddToGroupAsync(Context.ConnectionId, channel);
            return "subscribed";
        }
    }
}
