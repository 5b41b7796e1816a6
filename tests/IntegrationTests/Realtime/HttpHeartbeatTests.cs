using System.Net;
using System.Net.Sockets;
using System.Text;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>HTTP's time limits, for connections that may leave HTTP.</summary>
[TestFixture]
internal sealed class HttpHeartbeatTests
{
    private readonly HttpHeartbeat _heartbeat = new();
    private WebApplication _app = null!;
    private int _port;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(200);
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => UpgradableConnection.Attach(endpoint, _heartbeat));
        });
        _app = builder.Build();
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    [OneTimeTearDown]
    public async Task StopServer() => await _app.DisposeAsync();

    [Test]
    public async Task A_request_that_never_ends_is_cut_and_its_connection_forgotten()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost:"u8.ToArray());
        await Probe.Until(() => _heartbeat.Connections == 1, "its time limits are looked after");
        using var answer = new MemoryStream();
        var reading = stream.CopyToAsync(answer);

        await Probe.Until(
            () =>
            {
                _heartbeat.Beat();
                return reading.IsCompleted;
            },
            "it is cut");

        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(Encoding.ASCII.GetString(answer.ToArray()), Does.StartWith("HTTP/1.1 408"));
        await Probe.Until(() => _heartbeat.Connections == 0, "it is forgotten");
    }

    [Test]
    public async Task A_connection_that_has_left_HTTP_is_forgotten()
    {
        await using var host = await HubHost.StartAsync();
        var heartbeat = host.Services.GetRequiredService<HttpHeartbeat>();
        using var slow = new TcpClient();
        await slow.ConnectAsync(host.Address.Host, host.Address.Port);
        await Probe.Until(() => heartbeat.Connections == 1, "one that speaks HTTP is looked after");

        await using var client = await host.JoinAsync();

        await Probe.Until(() => heartbeat.Connections == 1, "the other is not");
    }
}
