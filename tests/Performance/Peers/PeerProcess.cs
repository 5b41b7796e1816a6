using GrooteDashboard.Testing;

namespace GrooteDashboard.Performance.Peers;

/// <summary>Starts this program once more, to be a peer.</summary>
internal static class PeerProcess
{
    private const string OwnAssembly = "GrooteDashboard.Performance.dll";

    public static Task<ServerProcess> StartBareAsync(CancellationToken cancellationToken) =>
        StartAsync(BareServer.Path, cancellationToken, PeerNames.Bare);

    public static Task<ServerProcess> StartRawAsync(RedisServer redis, CancellationToken cancellationToken) =>
        StartAsync(RawServer.ReadyPath, cancellationToken, PeerNames.Raw, $"127.0.0.1:{redis.Port}");

    public static Task<ServerProcess> StartSignalRAsync(RedisServer redis, CancellationToken cancellationToken) =>
        StartAsync(SignalRServer.ReadyPath, cancellationToken, PeerNames.SignalR, $"127.0.0.1:{redis.Port}");

    private static Task<ServerProcess> StartAsync(string readyPath, CancellationToken cancellationToken, params string[] arguments) =>
        ServerProcess.StartAsync(AppContext.BaseDirectory, [OwnAssembly, PeerNames.Argument, .. arguments], readyPath, cancellationToken);
}
