using System.Globalization;
using System.Text.Json;
using GrooteDashboard.Testing;
using StackExchange.Redis;

namespace GrooteDashboard.IntegrationTests.Redis;

/// <summary>What stands on the other side: publishes, adds to the stream, and looks at the consumer group.</summary>
internal sealed class Producer : IAsyncDisposable
{
    public const string Stream = "task_events";
    public const string Group = "groote-dashboard";

    private readonly ConnectionMultiplexer _redis;
    private readonly RedisServer _server;

    private Producer(ConnectionMultiplexer redis, RedisServer server)
    {
        _redis = redis;
        _server = server;
    }

    public static async Task<Producer> ConnectAsync(RedisServer server)
    {
        var options = new ConfigurationOptions { AbortOnConnectFail = false, ConnectRetry = 1, ConnectTimeout = 2_000, ReconnectRetryPolicy = new LinearRetry(100) };
        options.EndPoints.Add("127.0.0.1", server.Port);
        return new Producer(await ConnectionMultiplexer.ConnectAsync(options), server);
    }

    /// <summary>Whether this can publish, and somebody listens to the producers' channels.</summary>
    /// <exception cref="RedisException">It cannot: after Redis was away it says that it is connected before it is.</exception>
    public async Task<bool> IsHeardAsync()
    {
        await _redis.GetSubscriber().PublishAsync("nobody", "listens");
        return await _server.CommandAsync("PUBSUB", "NUMPAT") == ":2";
    }

    /// <summary>Returns when somebody listens.</summary>
    public Task UntilHeardAsync() => Eventually.IsTrueAsync(IsHeardAsync, "the bridge listens");

    public void PublishWithoutWaiting(string channel, string payload) => _redis.GetSubscriber().Publish(channel, payload, CommandFlags.FireAndForget);

    public Task PublishAsync(string channel, RedisValue payload) => _redis.GetSubscriber().PublishAsync(channel, payload);

    public Task<RedisResult> AddOutputAsync(string taskId, string content) =>
        AddAsync("type", "task:output", "task_id", taskId, "timestamp", "2026-11-20T10:00:00", "data", JsonSerializer.Serialize(new { content }));

    public Task<RedisResult> AddWithIdAsync(string id, string taskId, string content) =>
        _redis.GetDatabase().ExecuteAsync("XADD", Stream, id, "type", "task:output", "task_id", taskId, "data", JsonSerializer.Serialize(new { content }));

    public Task<RedisResult> AddAsync(params object[] fields) => _redis.GetDatabase().ExecuteAsync("XADD", [Stream, "*", .. fields]);

    public Task PushAsync(string list, string value) => _redis.GetDatabase().ListLeftPushAsync(list, value);

    public async Task<string[]> ListAsync(string list) => [.. (await _redis.GetDatabase().ListRangeAsync(list)).Select(item => (string)item!)];

    /// <summary>Entries after the position of the group: those that are not known to be stored; -1 without a group.</summary>
    public async Task<long> UnacknowledgedAsync()
    {
        foreach (var found in (RedisResult[])(await _redis.GetDatabase().ExecuteAsync("XINFO", "GROUPS", Stream))!)
        {
            var info = ((RedisResult[])found!).Select(part => part.ToString()!).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
            if (info["name"] == Group)
            {
                return ((RedisResult[])(await _redis.GetDatabase().ExecuteAsync("XRANGE", Stream, "(" + info["last-delivered-id"], "+"))!).Length;
            }
        }

        return -1;
    }

    /// <summary>Reads by the group, as if it were the server, and is not heard of again.</summary>
    public Task<RedisResult> TakeAwayAsync() => _redis.GetDatabase().ExecuteAsync("XREADGROUP", "GROUP", Group, "ingest", "STREAMS", Stream, ">");

    public async Task<long> LengthAsync() => (long)await _redis.GetDatabase().ExecuteAsync("XLEN", Stream);

    /// <summary>Trims the stream to so many entries.</summary>
    public Task TrimAsync(int length) =>
        _redis.GetDatabase().ExecuteAsync("XTRIM", Stream, "MAXLEN", length.ToString(CultureInfo.InvariantCulture));

    public ValueTask DisposeAsync()
    {
        _redis.Dispose();
        return ValueTask.CompletedTask;
    }
}
