using System.Globalization;
using System.Text;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ports;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis.Log;

/// <summary>
/// Hands messages outside of the sequence to those who watch on any instance. While Redis is away, at least to those who watch here.
/// </summary>
internal sealed class RedisBroadcast(RedisConnection connection, IRealtimePublisher local) : IRealtimePublisher
{
    public void Publish(in ChannelFrame frame) => _ = PublishAsync(frame);

    public void ChannelReset(string channel, ChannelPosition position) => local.ChannelReset(channel, position);

    /// <summary>What a message of the sequence says in front of its body, it leaves open.</summary>
    public static Task SendAsync(RedisConnection connection, string channel, byte[] body, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("PUBLISH", [LogKeys.PubSub(channel), FeedMessage.Unsequenced(body)], cancellationToken);

    private async Task PublishAsync(ChannelFrame frame)
    {
        try
        {
            await SendAsync(connection, frame.Channel, FrameCodec.Encode(frame.Timestamp, frame.Message), CancellationToken.None);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException)
        {
            local.Publish(frame);
        }
    }
}

/// <summary>What goes over dash:ch:…: the epoch, the offset and the body of a message. Outside of the sequence: no epoch and offset 0.</summary>
internal readonly record struct FeedMessage(string Epoch, long Offset, ReadOnlyMemory<byte> Body)
{
    private static readonly byte[] UnsequencedHead = "- 0 "u8.ToArray();

    public static byte[] Unsequenced(byte[] body) => [.. UnsequencedHead, .. body];

    public static bool TryParse(ReadOnlyMemory<byte> message, out FeedMessage parsed)
    {
        parsed = default;
        var bytes = message.Span;
        var first = bytes.IndexOf((byte)' ');
        var length = first < 0 ? -1 : bytes[(first + 1)..].IndexOf((byte)' ');
        if (length < 0 || !long.TryParse(bytes.Slice(first + 1, length), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return false;
        }

        parsed = new FeedMessage(Encoding.ASCII.GetString(bytes[..first]), offset, message[(first + length + 2)..]);
        return true;
    }
}
