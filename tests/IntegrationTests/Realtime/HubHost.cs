using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Endpoints;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Application.Identity;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Application.Realtime.Contracts;
using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Application.Realtime.Ports;
using GrooteDashboard.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>A real Kestrel on a free port with nothing but the WebSocket edge; and what is behind it, as simple as can be.</summary>
internal sealed class HubHost : IAsyncDisposable, IChannelFeed
{
    public const string Epoch = "e1";

    public const string Certificate = "CN=localhost";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _heads = [];
    private readonly Dictionary<string, List<ChannelFrame>> _history = [];
    private readonly Dictionary<string, int> _watches = [];
    private readonly WebApplication _app;

    private HubHost(WebApplicationBuilder builder, bool https, IAccessControl? access, TimeProvider time)
    {
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<IChannelFeed>(this);
        builder.Services.AddRealtimeEdge(builder.Configuration);
        builder.Services.AddSingleton<ITicketStore, MemoryTicketStore>();
        builder.Services.AddAuth();
        if (access is not null)
        {
            builder.Services.AddSingleton(access);
        }

        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(global::System.Net.IPAddress.Loopback, 0, endpoint =>
        {
            if (https)
            {
                endpoint.UseHttps(SelfSigned());
            }
        }));
        _app = builder.Build();
        _app.UseAuthorization();
        _app.MapRealtimeEndpoints();
    }

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public RealtimeHub Hub => _app.Services.GetRequiredService<RealtimeHub>();

    public MetricsProbe Metrics { get; private set; } = null!;

    /// <summary>What reading a position waits for, after the value was taken.</summary>
    public Func<Task> WhileReadingPosition { get; set; } = () => Task.CompletedTask;

    /// <summary>Messages of each channel that the feed can give again: the newest ones.</summary>
    public int HistoryLength { get; set; } = int.MaxValue;

    /// <summary>Messages of each channel that are published but cannot be read yet: the newest ones.</summary>
    public int HistoryLag { get; set; }

    /// <summary>What the source lost of every channel.</summary>
    public ChannelLoss? Loss { get; set; }

    /// <summary>What reading history waits for.</summary>
    public Func<string, CancellationToken, Task> WhileReadingHistory { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Channels that the hub has asked for and not given back.</summary>
    public int Watches
    {
        get
        {
            lock (_gate)
            {
                return _watches.Values.Sum();
            }
        }
    }

    public static async Task<HubHost> StartAsync(object? options = null, bool https = false, IAccessControl? access = null, TimeProvider? time = null, params string[] allowedOrigins)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // Hosts by any name: the server's own settings may lie beside the tests.
        builder.Configuration["AllowedHosts"] = "*";
        foreach (var option in options?.GetType().GetProperties() ?? [])
        {
            builder.Configuration[$"{RealtimeOptions.Section}:{option.Name}"] =
                Convert.ToString(option.GetValue(options), CultureInfo.InvariantCulture);
        }

        for (var i = 0; i < allowedOrigins.Length; i++)
        {
            builder.Configuration[$"{RealtimeOptions.Section}:{nameof(RealtimeOptions.AllowedOrigins)}:{i}"] = allowedOrigins[i];
        }

        var host = new HubHost(builder, https, access, time ?? TimeProvider.System);
        host.Metrics = new MetricsProbe(host._app.Services);
        await host._app.StartAsync();
        host.Address = new Uri(host._app.Urls.Single());
        return host;
    }

    public Task<WsClient> ConnectAsync(string path = "/ws") => WsClient.ConnectAsync(Address, path, options =>
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == Certificate);

    /// <summary>Connects and takes the greeting.</summary>
    public async Task<WsClient> JoinAsync(string path = "/ws")
    {
        var client = await ConnectAsync(path);
        await client.ReceiveAsync("connected");
        return client;
    }

    /// <summary>The next message of the channel, in order: as the log publishes it.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="text">The output.</param>
    /// <param name="isHeard">False: it is in the history, but the hub is not told.</param>
    public long PublishOutput(string taskId, string text, bool isHeard = true) => PublishOutput(taskId, _ => text, isHeard);

    /// <inheritdoc cref="PublishOutput(string, string, bool)"/>
    public long PublishOutput(string taskId, Func<long, string> text, bool isHeard = true)
    {
        lock (_gate)
        {
            var channel = Channels.Task(taskId);
            var offset = _heads[channel] = _heads.GetValueOrDefault(channel) + 1;
            Publish(channel, offset, new TaskOutputMessage(taskId, text(offset), OutputKinds.Output, null), isHeard);
            return offset;
        }
    }

    public void Publish(string channel, long? offset, RealtimeMessage message, bool isHeard = true)
    {
        var frame = new ChannelFrame(channel, offset, new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.FromHours(2)), message);
        lock (_gate)
        {
            if (offset is not null)
            {
                Past(channel).Add(frame);
            }
        }

        if (isHeard)
        {
            Hub.Publish(frame);
        }
    }

    /// <summary>The channel has a history that the hub has not seen.</summary>
    public void SetHead(string channel, long offset)
    {
        lock (_gate)
        {
            _heads[channel] = offset;
        }
    }

    public long HeadOf(string channel)
    {
        lock (_gate)
        {
            return _heads.GetValueOrDefault(channel);
        }
    }

    public async ValueTask<ChannelPosition> WatchAsync(string channel, CancellationToken cancellationToken)
    {
        ChannelPosition position;
        lock (_gate)
        {
            _watches[channel] = _watches.GetValueOrDefault(channel) + 1;
            position = new ChannelPosition(Epoch, _heads.GetValueOrDefault(channel));
        }

        await WhileReadingPosition();
        return position;
    }

    public ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ChannelPosition(Epoch, HeadOf(channel)));

    public ChannelLoss? LastLoss(string channel) => Loss;

    public void Unwatch(string channel)
    {
        lock (_gate)
        {
            Assert.That(--_watches[channel], Is.GreaterThanOrEqualTo(0));
        }
    }

    public async ValueTask<ChannelHistory> ReadAsync(string channel, long after, int limit, CancellationToken cancellationToken)
    {
        await WhileReadingHistory(channel, cancellationToken);
        lock (_gate)
        {
            var past = Past(channel);
            var firstKept = Math.Max(past.Count == 0 ? after + 1 : past[0].Offset!.Value, past.Count == 0 ? 0 : past[^1].Offset!.Value + 1L - HistoryLength);
            var readable = past.SkipLast(HistoryLag).Where(frame => frame.Offset > after && frame.Offset >= firstKept);
            return new ChannelHistory([.. readable.Take(limit)], firstKept);
        }
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Metrics.Dispose();
    }

    private List<ChannelFrame> Past(string channel) =>
        _history.TryGetValue(channel, out var past) ? past : _history[channel] = [];

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(Certificate, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow.AddDays(1));
    }
}
