using StackExchange.Redis;

namespace GrooteDashboard.DemoEngine;

/// <summary>The list that the dashboard's chat and the webhook gateway push work to.</summary>
internal sealed class WorkQueue : IAsyncDisposable
{
    private const string Key = "agent:tasks";

    /// <summary>How long Redis holds the call open. Also how long the end of the program may have to wait for it.</summary>
    private const int PopSeconds = 1;

    private static readonly TimeSpan PopTimeout = TimeSpan.FromSeconds(PopSeconds + 5);

    private readonly ConnectionMultiplexer _redis;

    private WorkQueue(ConnectionMultiplexer redis) => _redis = redis;

    /// <summary>On a connection of its own: a blocking call would hold up everything else on a shared one.</summary>
    public static async Task<WorkQueue> ConnectAsync(RedisUrl url) =>
        new(await ConnectionMultiplexer.ConnectAsync(url.ToConfiguration("demo-engine-queue")));

    /// <summary>
    /// The next work item, or null at the end. The call is never abandoned half-way, since Redis might just be handing over an item.
    /// </summary>
    public async Task<string?> TakeAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var reply = await _redis.GetDatabase().ExecuteAsync("BRPOP", Key, PopSeconds).WaitAsync(PopTimeout, CancellationToken.None);
                if (!reply.IsNull)
                    return (string)((RedisResult[])reply)[1];
                backOff = new BackOff();
            }
            catch (Exception e) when (EngineClient.IsRedisAway(e))
            {
                // The engine's other connection says so; this one only waits.
                await backOff.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    /// <summary>Puts an item back to where it was: first in line.</summary>
    public Task ReturnAsync(string item, CancellationToken cancellationToken) =>
        _redis.GetDatabase().ListRightPushAsync(Key, item).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _redis.CloseAsync(allowCommandsToComplete: false);
        _redis.Dispose();
    }
}
