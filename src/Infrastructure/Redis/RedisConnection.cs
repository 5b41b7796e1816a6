using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Ingest;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Application.System.Ports;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using GrooteDashboard.Infrastructure.Redis.Resp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GrooteDashboard.Infrastructure.Redis;

/// <summary>
/// Owns the connections to Redis for commands: one for all, one for blocking reads, which would hold up everything else. (Two more belong to one thread each: <see cref="RedisSubscriber"/> listens, <see cref="RedisLine"/> appends.)
/// Redis may be away at any time, at the start too: connections come back by themselves, and a change of state is said once.
/// </summary>
internal sealed partial class RedisConnection : IComponentHealth, IAsyncDisposable
{
    private const int ReconnectMilliseconds = 500;

    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    /// <summary>Between two questions, however much happens.</summary>
    private static readonly TimeSpan AskPause = TimeSpan.FromMilliseconds(50);

    private readonly ConfigurationOptions _configuration;
    private readonly RedisSubscriber _subscriber;
    private readonly RedisOptions _options;
    private readonly IRealtimePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisConnection> _logger;
    private readonly Lazy<Task<ConnectionMultiplexer>> _shared;
    private readonly Lazy<Task<ConnectionMultiplexer>> _blocking;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lock _stateLock = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private State _state;
    private bool _disposed;

    public RedisConnection(
        ConfigurationOptions configuration,
        RedisSubscriber subscriber,
        IOptions<RedisOptions> options,
        IRealtimePublisher publisher,
        TimeProvider time,
        ILogger<RedisConnection> logger)
    {
        _configuration = configuration;
        _subscriber = subscriber;
        _options = options.Value;
        _publisher = publisher;
        _time = time;
        _logger = logger;
        _shared = new Lazy<Task<ConnectionMultiplexer>>(ConnectSharedAsync);
        _blocking = new Lazy<Task<ConnectionMultiplexer>>(() => ConnectAsync("blocking"));
        _state = new State(Up: null, time.GetUtcNow());
        subscriber.Connected += Changed;
    }

    public string Name => "redis";

    public ComponentHealth Current
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return new ComponentHealth(state.Up == true ? "up" : "down", state.Since, state.Up == true, ComponentHealth.NoFigures);
        }
    }

    public bool IsUp => Volatile.Read(ref _state).Up == true;

    /// <summary>Begins to connect; nobody waits for it.</summary>
    public void Connect() => _ = _shared.Value;

    /// <summary>Runs a command that answers at once.</summary>
    /// <exception cref="TimeoutException">Redis did not answer in time.</exception>
    /// <exception cref="RedisException">Redis is away or refuses.</exception>
    public async Task<RedisResult> ExecuteAsync(string command, object[] arguments, CancellationToken cancellationToken)
    {
        var redis = await _shared.Value.WaitAsync(cancellationToken);
        return await redis.GetDatabase().ExecuteAsync(command, arguments).WaitAsync(_options.CommandTimeout, _time, cancellationToken);
    }

    /// <summary>Runs a command that may hold its connection for as long as <paramref name="atMost"/>.</summary>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public async Task<RedisResult> ExecuteBlockingAsync(
        string command, object[] arguments, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var redis = await _blocking.Value.WaitAsync(cancellationToken);
        return await redis.GetDatabase().ExecuteAsync(command, arguments).WaitAsync(atMost + _options.CommandTimeout, _time, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // The container knows this instance under two services, and disposes it once for each.
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _subscriber.Connected -= Changed;
        await _disposing.CancelAsync();
        foreach (var connection in new[] { _shared, _blocking }.Where(connection => connection.IsValueCreated))
        {
            try
            {
                using var redis = await connection.Value;
                await redis.CloseAsync(allowCommandsToComplete: false);
            }
            catch (OperationCanceledException)
            {
                // It never connected.
            }
        }

        _disposing.Dispose();
        _changed.Dispose();
    }

    private async Task<ConnectionMultiplexer> ConnectSharedAsync()
    {
        var redis = await ConnectAsync("shared");
        redis.ConnectionFailed += (_, _) => Changed();
        redis.ConnectionRestored += (_, _) => Changed();
        _ = AskAsync(redis);
        return redis;
    }

    /// <summary>
    /// Asks whether Redis answers, on both connections: nothing else decides. The connections' events, of which there are a dozen while Redis comes
    /// back, only make it ask at once; and none tells of a Redis that keeps its connections and says nothing.
    /// </summary>
    private async Task AskAsync(ConnectionMultiplexer redis)
    {
        try
        {
            while (true)
            {
                Enter(await AnswersAsync(redis));
                await Task.Delay(AskPause, _time, _disposing.Token);
                await _changed.WaitAsync(IsUp ? AskInterval : AskInterval / 2, _disposing.Token);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // Closed.
        }
    }

    private async Task<bool> AnswersAsync(ConnectionMultiplexer redis)
    {
        try
        {
            await Task.WhenAll(redis.GetDatabase().PingAsync(), _subscriber.PingAsync()).WaitAsync(_options.CommandTimeout, _time, _disposing.Token);
            return true;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or IOException)
        {
            return false;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(string purpose)
    {
        var configuration = _configuration.Clone();
        configuration.AbortOnConnectFail = false;
        configuration.ClientName = "groote-dashboard-" + purpose;
        configuration.ConnectRetry = 1;
        configuration.ConnectTimeout = (int)Math.Min(_options.CommandTimeout.TotalMilliseconds, 2_000);
        configuration.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        configuration.KeepAlive = 10;
        for (var failures = 0; ;)
        {
            try
            {
                // Connecting runs on the caller's thread up to its first wait, which may be the host's start.
                return await Task.Run(() => ConnectionMultiplexer.ConnectAsync(configuration), _disposing.Token);
            }
            catch (Exception e) when (!_disposing.IsCancellationRequested)
            {
                // A host whose name is not known yet; an absent server is no exception here.
                Enter(up: false);
                LogCannotConnect(e.GetType().Name);
                await Task.Delay(Backoff.Delay(failures++, _options.RetryDelay, _options.MaxRetryDelay), _time, _disposing.Token);
            }
        }
    }

    private void Changed()
    {
        try
        {
            _changed.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is about to ask anyhow, or closed.
        }
    }

    private void Enter(bool up)
    {
        lock (_stateLock)
        {
            var previous = _state.Up;
            if (previous != up)
            {
                Volatile.Write(ref _state, new State(up, _time.GetUtcNow()));
                // In the lock, so that away and back are said in the order in which they happen.
                Announce(up, first: previous is null);
            }
        }
    }

    private void Announce(bool up, bool first)
    {
        if (up)
        {
            LogUp();
        }
        else
        {
            LogDown();
        }

        if (!(up && first))
        {
            _publisher.Publish(new ChannelFrame(
                Channels.System,
                null,
                _time.GetUtcNow(),
                up
                    ? new SystemMessage("redis_back", "Redis is back: live output goes on.")
                    : new SystemMessage("redis_away", "Redis is away: live output from Redis waits until it is back.")));
        }
    }

    [LoggerMessage(LogLevel.Debug, "Cannot connect to Redis: {Error}")]
    private partial void LogCannotConnect(string error);

    [LoggerMessage(LogLevel.Information, "Redis is up")]
    private partial void LogUp();

    [LoggerMessage(LogLevel.Warning, "Redis is away; reconnecting until it is back")]
    private partial void LogDown();

    /// <param name="Up">Null before the first attempt has ended.</param>
    /// <param name="Since">When it came into this state.</param>
    private sealed record State(bool? Up, DateTimeOffset Since);
}
