using GrooteDashboard.Api.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.Testing;

/// <summary>The real server on a port of its own, with real PostgreSQL and, where one is given, real Redis.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DashboardServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="redis">The address of its Redis; null for none.</param>
    /// <param name="settings">Further settings, such as <c>Realtime:OutboxBytes=65536</c>.</param>
    public static async Task<DashboardServer> StartAsync(TestDatabase database, string? redis = null, params string[] settings)
    {
        var server = await StartWithoutWaitingAsync(database.ConnectionString, redis, settings);
        await server.UntilReadyAsync();
        return server;
    }

    /// <summary>Starts a server some of whose services are others, and waits until it is ready.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="redis">The address of its Redis; null for none.</param>
    /// <param name="configure">Changes it before it is built.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<DashboardServer> StartAsync(
        TestDatabase database, string? redis, Action<WebApplicationBuilder> configure, params string[] settings)
    {
        var server = await BuildAsync(database.ConnectionString, redis, settings, configure);
        await server.UntilReadyAsync();
        return server;
    }

    /// <summary>Starts a server whose PostgreSQL or Redis may be away.</summary>
    public static Task<DashboardServer> StartWithoutWaitingAsync(string postgres, string? redis, params string[] settings) =>
        BuildAsync(postgres, redis, settings, _ => { });

    public Task<WsClient> WatchAsync(string path = "/ws") => WsClient.ConnectAsync(Address, path);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await _app.StopAsync(deadline.Token);
        await _app.DisposeAsync();
    }

    private static async Task<DashboardServer> BuildAsync(string postgres, string? redis, string[] settings, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = "Testing",
            Args =
            [
                "--urls=http://127.0.0.1:0",
                $"--ConnectionStrings:Postgres={postgres}",
                $"--ConnectionStrings:Redis={redis}",
                // The environment's Redis is for others.
                "--REDIS_URL=",
                "--Logging:LogLevel:Default=Error",
                "--Logging:LogLevel:Microsoft=None",
                .. settings.Select(setting => "--" + setting),
            ],
        });
        builder.ConfigureDashboard();
        configure(builder);
        var app = builder.Build();
        app.UseDashboard();
        await app.StartAsync();
        return new DashboardServer(app);
    }

    private Task UntilReadyAsync() =>
        Probe.Until(async () => (await Http.GetAsync("/api/health/ready")).IsSuccessStatusCode, "the server is ready");
}
