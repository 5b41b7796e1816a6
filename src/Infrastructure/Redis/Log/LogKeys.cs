using GrooteDashboard.Application.Realtime.Contracts;
using StackExchange.Redis;

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

    public static RedisChannel PubSub(string channel) => Literal(ChannelPrefix + channel);

    public static string ChannelOf(RedisChannel channel) => ((string)channel!)[ChannelPrefix.Length..];

    public static RedisChannel Literal(string name) => new(name, RedisChannel.PatternMode.Literal);
}
