using System.Collections.Concurrent;

namespace GrooteDashboard.Api.Realtime.Sockets;

/// <summary>
/// The web server's heartbeat, by which its time limits end, for the connections that speak HTTP. Its own goes on beating for those that have left HTTP behind: with
/// thousands of them idle, fetching each into the processor's cache every second was an eighth of all that the server did.
/// </summary>
internal sealed class HttpHeartbeat
{
    private readonly ConcurrentDictionary<UpgradableConnection, Action> _beats = [];

    /// <summary>How many speak HTTP.</summary>
    public int Connections => _beats.Count;

    public void Add(UpgradableConnection connection, Action beat) => _beats[connection] = beat;

    public void Remove(UpgradableConnection connection) => _beats.TryRemove(connection, out _);

    /// <summary>About once per second.</summary>
    public void Beat()
    {
        foreach (var (_, beat) in _beats)
        {
            beat();
        }
    }
}
