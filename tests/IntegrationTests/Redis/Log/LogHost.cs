using GrooteDashboard.Application;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Domain.Tasks;
using GrooteDashboard.Infrastructure;
using GrooteDashboard.Infrastructure.Redis;
using GrooteDashboard.Infrastructure.Redis.PubSub;
using GrooteDashboard.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrooteDashboard.IntegrationTests.Redis.Log;

/// <summary>An instance without its web server: the log on a real Redis and a real PostgreSQL, and a publisher that remembers.</summary>
internal sealed class LogHost : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _stopped;

    private LogHost(IHost host, string name) => (_host, Name) = (host, name);

    /// <summary>Under which PostgreSQL knows it.</summary>
    public string Name { get; }

    public RecordingPublisher Publisher { get; } = new();

    public ITaskLog Log => Get<ITaskLog>();

    public IChannelFeed Feed => Get<IChannelFeed>();

    public IChannelPositions Positions => Get<IChannelPositions>();

    public ITaskLogStore Store => Get<ITaskLogStore>();

    public RedisConnection Redis => Get<RedisConnection>();

    public RedisSubscriber Subscriber => Get<RedisSubscriber>();

    public TaskLogMetrics Metrics => Get<TaskLogMetrics>();

    public static async Task<LogHost> StartAsync(RedisServer redis, TestDatabase database)
    {
        var name = "host-" + Guid.NewGuid().ToString("N")[..8];
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = $"{database.ConnectionString};Application Name={name}",
            ["ConnectionStrings:Redis"] = redis.ConnectionString,
            ["Redis:CommandTimeout"] = "00:00:02",
            ["Redis:RetryDelay"] = "00:00:00.020",
            ["Redis:MaxRetryDelay"] = "00:00:00.200",
        });
        builder.Services.AddLogging();
        LogHost? host = null;
        builder.Services.AddSingleton<IRealtimePublisher>(_ => host!.Publisher);
        builder.Services.AddSingleton<IRealtimeStatistics, NobodyWatches>();
        builder.Services.AddDashboardApplication();
        builder.Services.AddDashboardInfrastructure(builder.Configuration);
        // What is announced is the tests' own.
        builder.Services.AddSingleton<IIngestLease, TakenLease>();
        host = new LogHost(builder.Build(), name);
        await host._host.StartAsync();
        return host;
    }

    public static OutputEntry Output(string text, string? id = null) => new(TimeProvider.System.GetUtcNow(), id, OutputKinds.Output, text);

    public static StatusEntry Status(string taskId, string id, AgentTaskStatus status = AgentTaskStatus.Completed) => new(
        TimeProvider.System.GetUtcNow(), id, new TaskStatusMessage(taskId, status, AgentTaskStatus.Running, 2, null, "brain", "github", 0.5m, 1, 2, 3, null));

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Takes entries in; the task that is returned completes when they are stored.</summary>
    public async Task<Task<AppendReceipt>> TakeAsync(string taskId, params LogEntry[] entries)
    {
        using var patience = new CancellationTokenSource(Probe.Deadline);
        return await Log.AppendAsync([new LogAppend(taskId, entries)], patience.Token);
    }

    public async Task<AppendReceipt> AppendAsync(string taskId, params LogEntry[] entries) =>
        await (await TakeAsync(taskId, entries)).WaitAsync(Probe.Deadline);

    public async Task<ChannelPosition> WatchAsync(string channel)
    {
        using var patience = new CancellationTokenSource(Probe.Deadline);
        return await Feed.WatchAsync(channel, patience.Token);
    }

    /// <summary>The whole channel as the store and the window have it.</summary>
    public async Task<List<ChannelFrame>> ReadAsync(string channel, long after = 0)
    {
        var frames = new List<ChannelFrame>();
        while (true)
        {
            var history = await Feed.ReadAsync(channel, after, 100, CancellationToken.None);
            if (history.Frames.Count == 0)
            {
                return frames;
            }

            frames.AddRange(history.Frames);
            after = frames[^1].Offset!.Value;
        }
    }

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await _host.StopAsync(patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}

/// <summary>There is no web server.</summary>
internal sealed class NobodyWatches : IRealtimeStatistics
{
    public int Connections => 0;

    public int Subscriptions => 0;

    public long? JoinsOf(string channel) => null;
}

/// <summary>Somebody else ingests.</summary>
internal sealed class TakenLease : IIngestLease
{
    public async Task<IHeldIngestLease> AcquireAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new OperationCanceledException(cancellationToken);
    }
}

/// <summary>Remembers what was said on each channel, in order; a reset begins a channel anew.</summary>
internal sealed class RecordingPublisher : IRealtimePublisher
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<ChannelFrame>> _frames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChannelPosition> _resets = new(StringComparer.Ordinal);

    /// <summary>Whether the end of a round was told since the last message.</summary>
    public bool IsRoundOver { get; private set; }

    public IReadOnlyList<ChannelFrame> On(string channel)
    {
        lock (_lock)
        {
            return _frames.TryGetValue(channel, out var frames) ? [.. frames] : [];
        }
    }

    /// <summary>Where the channel began anew for the last time.</summary>
    public ChannelPosition? ResetOf(string channel)
    {
        lock (_lock)
        {
            return _resets.TryGetValue(channel, out var position) ? position : null;
        }
    }

    public void Publish(in ChannelFrame frame)
    {
        lock (_lock)
        {
            IsRoundOver = false;
            if (!_frames.TryGetValue(frame.Channel, out var frames))
            {
                _frames.Add(frame.Channel, frames = []);
            }

            frames.Add(frame);
        }
    }

    public void EndRound()
    {
        lock (_lock)
        {
            IsRoundOver = true;
        }
    }

    public void ChannelReset(string channel, ChannelPosition position)
    {
        lock (_lock)
        {
            _resets[channel] = position;
            _frames.Remove(channel);
        }
    }
}
