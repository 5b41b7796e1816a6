using System.Net;
using System.Net.WebSockets;
using GrooteDashboard.Testing;

namespace GrooteDashboard.IntegrationTests.Realtime;

internal sealed class HandshakeTests
{
    private HubHost _host = null!;

    [OneTimeSetUp]
    public async Task Start() => _host = await HubHost.StartAsync(new { MaxConnections = 2 });

    [OneTimeTearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [Test]
    public async Task A_good_handshake_is_answered_as_the_RFC_says()
    {
        var response = await RequestAsync([]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(response, Does.StartWith("HTTP/1.1 101"));
            Assert.That(response, Does.Contain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
            Assert.That(response, Does.Contain("Upgrade: websocket\r\n"));
            Assert.That(response, Does.Contain("Connection: Upgrade\r\n"));
        }
    }

    [TestCase("Upgrade", null, 426)]
    [TestCase("Upgrade", "h2c", 426)]
    [TestCase("Connection", null, 426)]
    [TestCase("Connection", "keep-alive", 426)]
    [TestCase("Connection", "keep-alive, Upgrade", 101)]
    [TestCase("Upgrade", "WebSocket", 101)]
    [TestCase("Sec-WebSocket-Version", null, 426)]
    [TestCase("Sec-WebSocket-Version", "8", 426)]
    [TestCase("Sec-WebSocket-Key", null, 400)]
    [TestCase("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==", 400)]
    [TestCase("Sec-WebSocket-Key", "************************", 400)]
    [TestCase("Origin", "http://dash.example", 101)]
    [TestCase("Origin", "https://DASH.example", 101)]
    [TestCase("Origin", "http://dash.example:8080", 403)]
    [TestCase("Origin", "http://dash.example.evil.test", 403)]
    [TestCase("Origin", "http://evil.test", 403)]
    [TestCase("Origin", "null", 403)]
    public async Task One_header_decides(string name, string? value, int expected)
    {
        var response = await RequestAsync(new() { [name] = value });
        Assert.That(response, Does.StartWith($"HTTP/1.1 {expected}"));
        if (expected == 426)
        {
            Assert.That(response, Does.Contain("Sec-WebSocket-Version: 13"));
        }
    }

    [Test]
    public async Task Other_methods_are_refused()
    {
        using var client = await RawClient.ConnectAsync(_host.Address);
        Assert.That(await client.RequestAsync("/ws", _host.Address.Authority, RawClient.GoodHandshake, "POST"), Does.StartWith("HTTP/1.1 405"));
    }

    [Test]
    public async Task An_allowed_origin_may_connect()
    {
        await using var host = await HubHost.StartAsync();
        await using var withList = await HubHost.StartAsync(allowedOrigins: ["https://dash.example"]);
        var origin = new KeyValuePair<string, string>("Origin", "https://dash.example");
        using var refused = await RawClient.ConnectAsync(host.Address);
        using var accepted = await RawClient.ConnectAsync(withList.Address);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await refused.RequestAsync("/ws", host.Address.Authority, [.. RawClient.GoodHandshake, origin]), Does.StartWith("HTTP/1.1 403"));
            Assert.That(await accepted.RequestAsync("/ws", withList.Address.Authority, [.. RawClient.GoodHandshake, origin]), Does.StartWith("HTTP/1.1 101"));
        }
    }

    [Test]
    public async Task A_browser_that_would_rather_speak_HTTP_2_gets_its_connection_over_HTTP_1()
    {
        await using var host = await HubHost.StartAsync(https: true);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == HubHost.Certificate;
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        using var deadline = new CancellationTokenSource(Probe.Deadline);
        await socket.ConnectAsync(new UriBuilder(new Uri(host.Address, "/ws")) { Scheme = "wss" }.Uri, invoker, deadline.Token);
        Assert.That(socket.State, Is.EqualTo(WebSocketState.Open));
    }

    [Test]
    public async Task A_full_server_refuses_before_the_upgrade_and_takes_the_next_when_one_has_left()
    {
        await using var host = await HubHost.StartAsync(new { MaxConnections = 1 });
        await using (await host.JoinAsync())
        {
            using var second = await RawClient.ConnectAsync(host.Address);
            var response = await second.RequestAsync("/ws", host.Address.Authority, RawClient.GoodHandshake);
            Assert.That(response, Does.StartWith("HTTP/1.1 503").And.Contain("Retry-After: "));
        }

        await Probe.Until(() => host.Hub.Connections == 0);
        await using var third = await host.JoinAsync();
        Assert.That(host.Metrics["realtime.connections.refused:503"], Is.EqualTo(1));
    }

    private async Task<string> RequestAsync(Dictionary<string, string?> changes)
    {
        await Probe.Until(() => _host.Hub.Connections == 0);
        var headers = new Dictionary<string, string>(RawClient.GoodHandshake);
        foreach (var (name, value) in changes)
        {
            headers.Remove(name);
            if (value is not null)
            {
                headers[name] = value;
            }
        }

        using var client = await RawClient.ConnectAsync(_host.Address);
        return await client.RequestAsync("/ws", "dash.example", headers);
    }
}
