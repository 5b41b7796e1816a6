using GrooteDashboard.Application.Realtime.Contracts;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>Names that the scripts use too (append.lua describes them all).</summary>
internal static class LogKeys
{
    public const string Epoch = "dash:epoch";
    public const string Pending = "dash:pending";
    public const string Stored = "dash:stored";

    private const string ChannelPrefix = "dash:ch:";

    /// <summary>The newest messages that are kept of a channel, for clients that come back after a while.</summary>
    public static int Kept(string channel) => channel == Channels.Tasks ? 10_000 : 1_000;

    public static string PubSub(string channel) => ChannelPrefix + channel;

    public static string ChannelOf(string name) => name[ChannelPrefix.Length..];
}
