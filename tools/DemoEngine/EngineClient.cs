using System.Globalization;
using System.Net.Mime;
using System.Text;

using StackExchange.Redis;

namespace GrooteDashboard.DemoEngine;

/// <summary>
/// The calls of the agent engine's contract, one method each. HTTP has a deadline and no retries, as in the existing
/// engine; Redis is waited for when it is away. A Redis call that the outage cut in two is made again.
/// </summary>
internal sealed class EngineClient : IAsyncDisposable
{
    private const string EventStream = "task_events";

    /// <summary>The existing engine never trims the stream. A demo may run for weeks.</summary>
    private const int EventStreamLength = 100_000;

    private static readonly TimeSpan HttpTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ResultLifetime = TimeSpan.FromHours(1);

    private readonly HttpClient _http;
    private readonly ConnectionMultiplexer _redis;
    private readonly TimeProvider _clock;
    private readonly Log _log;
    private readonly Outage _dashboardOutage;
    private readonly Outage _redisOutage;

    private EngineClient(HttpClient http, ConnectionMultiplexer redis, TimeProvider clock, Log log)
    {
        _http = http;
        _redis = redis;
        _clock = clock;
        _log = log;
        _dashboardOutage = new Outage("the dashboard", log);
        _redisOutage = new Outage("Redis", log);
    }

    public static async Task<EngineClient> ConnectAsync(EngineOptions options, TimeProvider clock, Log log)
    {
        var redis = await ConnectionMultiplexer.ConnectAsync(options.RedisUrl.ToConfiguration("demo-engine"));
        var http = new HttpClient { BaseAddress = options.DashboardUrl, Timeout = HttpTimeout };
        return new EngineClient(http, redis, clock, log);
    }

    public async Task WaitForDashboardAsync(CancellationToken cancellationToken)
    {
        for (var backOff = new BackOff(); ; await backOff.WaitAsync(cancellationToken))
        {
            try
            {
                using var response = await _http.GetAsync(new Uri("api/health", UriKind.Relative), cancellationToken);
                response.EnsureSuccessStatusCode();
                _dashboardOutage.Ended();
                return;
            }
            catch (Exception e) when (IsHttpFailure(e, cancellationToken))
            {
                _dashboardOutage.Began(e.GetBaseException().Message);
            }
        }
    }

    public Task WaitForRedisAsync(CancellationToken cancellationToken) => RedisAsync(db => db.PingAsync(), cancellationToken);

    /// <summary>The one HTTP call whose failure ends the task: a task that the dashboard does not take is not run.</summary>
    public async Task RegisterTaskAsync(AgentTask task, CancellationToken cancellationToken)
    {
        var registration = new TaskRegistration(
            task.TaskId, task.Source, task.SourceMetadata, task.InputMessage, task.AssignedAgent, task.ConversationId, task.FlowId);
        using var response = await SendAsync(HttpMethod.Post, "api/tasks", registration, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>A failure is logged and nothing else: the task goes on.</summary>
    public async Task UpdateTaskAsync(string taskId, TaskUpdate update, CancellationToken cancellationToken)
    {
        try
        {
            using var response =
                await SendAsync(HttpMethod.Patch, $"api/tasks/{Uri.EscapeDataString(taskId)}", update, cancellationToken);
            if (!response.IsSuccessStatusCode)
                _log.Write($"PATCH {taskId} {update.Status} was answered with {(int)response.StatusCode}");
        }
        catch (Exception e) when (IsHttpFailure(e, cancellationToken))
        {
            _dashboardOutage.Began(e.GetBaseException().Message);
            _log.Write($"PATCH {taskId} {update.Status} did not arrive");
        }
    }

    /// <summary>A failure is logged and nothing else, as with an update.</summary>
    public async Task SaveReplyAsync(string conversationId, string taskId, string content, CancellationToken cancellationToken)
    {
        try
        {
            var path = $"api/conversations/{Uri.EscapeDataString(conversationId)}/messages";
            using var response = await SendAsync(HttpMethod.Post, path, new SavedMessage("assistant", content, taskId), cancellationToken);
            if (!response.IsSuccessStatusCode)
                _log.Write($"The reply of {taskId} was answered with {(int)response.StatusCode}");
        }
        catch (Exception e) when (IsHttpFailure(e, cancellationToken))
        {
            _dashboardOutage.Began(e.GetBaseException().Message);
            _log.Write($"The reply of {taskId} did not arrive");
        }
    }

    /// <summary>XADD task_events</summary>
    public Task AppendEventAsync<TData>(string type, string taskId, TData data, CancellationToken cancellationToken) =>
        RedisAsync(
            db => db.ExecuteAsync(
                "XADD", EventStream, "MAXLEN", "~", EventStreamLength, "*",
                "type", type,
                "timestamp", _clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                "task_id", taskId,
                "data", EngineJson.Write(data)),
            cancellationToken);

    /// <summary>HSET task:{id} and PUBLISH task:{id}:status, in the existing engine's order.</summary>
    public async Task PublishStatusAsync(string taskId, StatusReport report, CancellationToken cancellationToken)
    {
        var json = EngineJson.Write(report);
        await RedisAsync(db => db.HashSetAsync($"task:{taskId}", "data", json), cancellationToken);
        await RedisAsync(db => db.KeyExpireAsync($"task:{taskId}", ResultLifetime), cancellationToken);
        await RedisAsync(db => db.PublishAsync($"task:{taskId}:status", json), cancellationToken);
    }

    /// <summary>PUBLISH task:{id}:output</summary>
    public Task PublishOutputAsync(string taskId, string output, CancellationToken cancellationToken) =>
        RedisAsync(db => db.PublishAsync($"task:{taskId}:output", output), cancellationToken);

    /// <summary>SET task:{id}:output, for an hour</summary>
    public Task StoreOutputAsync(string taskId, string output, CancellationToken cancellationToken) =>
        RedisAsync(db => db.StringSetAsync($"task:{taskId}:output", output, ResultLifetime), cancellationToken);

    /// <summary>SUBSCRIBE task:{id}:control</summary>
    public Task SubscribeToControlAsync(string taskId, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken) =>
        RedisAsync(
            async db =>
            {
                // With Redis away the library would remember the subscription and call that a success.
                await db.PingAsync();
                await _redis.GetSubscriber().SubscribeAsync($"task:{taskId}:control", handler);
                return true;
            },
            cancellationToken);

    public async Task UnsubscribeFromControlAsync(string taskId, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            await _redis.GetSubscriber().UnsubscribeAsync($"task:{taskId}:control", handler).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (IsRedisAway(e))
        {
            // The subscription went with the connection.
            _redisOutage.Began(Reason(e));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _redis.CloseAsync(allowCommandsToComplete: false);
        _redis.Dispose();
    }

    /// <summary>Also while Redis starts: then it answers LOADING to everything.</summary>
    internal static bool IsRedisAway(Exception e) =>
        e is RedisConnectionException or TimeoutException
        || (e is RedisServerException && e.Message.StartsWith("LOADING", StringComparison.Ordinal));

    /// <summary>The library's own message goes on for three lines.</summary>
    private static string Reason(Exception e) => e is RedisConnectionException connection ? connection.FailureType.ToString() : e.Message;

    private static bool IsHttpFailure(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested);

    private async Task<HttpResponseMessage> SendAsync<TBody>(
        HttpMethod method, string path, TBody body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = new StringContent(EngineJson.Write(body), Encoding.UTF8, MediaTypeNames.Application.Json);
        return await _http.SendAsync(request, cancellationToken);
    }

    private async Task RedisAsync<TResult>(Func<IDatabase, Task<TResult>> call, CancellationToken cancellationToken)
    {
        for (var backOff = new BackOff(); ; await backOff.WaitAsync(cancellationToken))
        {
            try
            {
                await call(_redis.GetDatabase()).WaitAsync(RedisTimeout, cancellationToken);
                _redisOutage.Ended();
                return;
            }
            catch (Exception e) when (IsRedisAway(e))
            {
                _redisOutage.Began(Reason(e));
            }
        }
    }
}
