using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Load;

/// <summary>A server under load. Each has a Redis of its own, so that one does not hear what is meant for the other.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Server">The process.</param>
/// <param name="Redis">Where it hears from producers.</param>
/// <param name="Path">Of its WebSocket.</param>
/// <param name="Subscribe">The frames that subscribe to a channel.</param>
internal sealed record Target(string Name, ServerProcess Server, RedisServer Redis, string Path, Func<string, string[]> Subscribe)
{
    public const string DashboardName = "dashboard";
    public const string RawName = "raw";
    public const string SignalRName = "signalr";

    public static Target Dashboard(ServerProcess server, RedisServer redis) => new(DashboardName, server, redis, "/ws", Documented);

    public static Target Raw(ServerProcess server, RedisServer redis) => new(RawName, server, redis, RawServer.Path, Documented);

    public static Target SignalR(ServerProcess server, RedisServer redis) => new(SignalRName, server, redis, SignalRServer.Path, SignalRServer.Subscribe);

    private static string[] Documented(string channel) => [$$"""{"type":"subscribe","channel":"{{channel}}"}"""];
}
