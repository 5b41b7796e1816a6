using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrooteDashboard.Api.Endpoints;
using GrooteDashboard.Api.Realtime;
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
internal sealed class HubHost : IAsyncDisposable, IChannelPositions
{
    public const string Epoch = "e1";

    public const string Certificate = "CN=localhost";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _heads = [];
    private readonly WebApplication _app;

    private HubHost(WebApplicationBuilder builder, bool https)
    {
        builder.Services.AddSingleton<IChannelPositions>(this);
        builder.Services.AddRealtimeEdge(builder.Configuration);
        builder.Services.AddAuthorization(options => options.AddPolicy("Viewer", policy => policy.RequireAssertion(_ => true)));
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

    public RealtimeHub Hub => _app.Services.GetRequiredService<RealtimeHub>();

    public MetricsProbe Metrics { get; private set; } = null!;

    /// <summary>What reading a position waits for, after the value was taken.</summary>
    public Func<Task> WhileReadingPosition { get; set; } = () => Task.CompletedTask;

    public static async Task<HubHost> StartAsync(object? options = null, bool https = false, params string[] allowedOrigins)
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

        var host = new HubHost(builder, https);
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
    public long PublishOutput(string taskId, string text)
    {
        lock (_gate)
        {
            var channel = Channels.Task(taskId);
            var offset = _heads[channel] = _heads.GetValueOrDefault(channel) + 1;
            Publish(channel, offset, new TaskOutputMessage(taskId, text, OutputKinds.Output, null));
            return offset;
        }
    }

    public void Publish(string channel, long? offset, RealtimeMessage message) =>
        Hub.Publish(new ChannelFrame(channel, offset, new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.FromHours(2)), message));

    /// <summary>The channel has a history that the hub has not seen.</summary>
    public void SetHead(string channel, long offset)
    {
        lock (_gate)
        {
            _heads[channel] = offset;
        }
    }

    public async ValueTask<ChannelPosition> GetAsync(string channel, CancellationToken cancellationToken)
    {
        ChannelPosition position;
        lock (_gate)
        {
            position = new ChannelPosition(Epoch, _heads.GetValueOrDefault(channel));
        }

        await WhileReadingPosition();
        return position;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Metrics.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(Certificate, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow.AddDays(1));
    }
}
