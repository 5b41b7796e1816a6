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

    public void EndRound() => local.EndRound();

    public void ChannelReset(string channel, ChannelPosition position) => local.ChannelReset(channel, position);

    /// <summary>Says something outside of the sequence.</summary>
    public static Task SendAsync(RedisConnection connection, string channel, byte[] body, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("PUBLISH", [LogKeys.PubSub(channel), FeedRound.Unsequenced(body)], cancellationToken);

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
