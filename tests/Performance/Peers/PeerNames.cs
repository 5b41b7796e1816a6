namespace GrooteDashboard.Performance.Peers;

/// <summary>How this program is called to be a peer.</summary>
internal static class PeerNames
{
    public const string Argument = "peer";
    public const string Bare = "bare";
    public const string Raw = "raw";
    public const string SignalR = "signalr";
}
