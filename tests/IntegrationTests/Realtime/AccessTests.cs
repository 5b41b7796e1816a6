using GrooteDashboard.Api.Auth;
using GrooteDashboard.Api.Realtime;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Identity.Contracts;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Who is let in, to what, and for how long; with a stand-in for a mode that wants to know who comes.</summary>
internal sealed class AccessTests
{
    private StandInAccess _access = null!;
    private HubHost _host = null!;

    [SetUp]
    public async Task Start()
    {
        _access = new StandInAccess().With("good").With("operator", null, Policies.Operator).With("engine", null, Policies.Ingest);
        _host = await HubHost.StartAsync(access: _access);
    }

    [TearDown]
    public async Task Stop() => await _host.DisposeAsync();

    [TestCase("header", "good", null)]
    [TestCase("subprotocol", "good", null)]
    [TestCase("query", "good", null)]
    [TestCase("ticket", "good", null)]
    [TestCase("header", "bad", CloseCodes.Unauthenticated)]
    [TestCase("subprotocol", "bad", CloseCodes.Unauthenticated)]
    [TestCase("query", "bad", CloseCodes.Unauthenticated)]
    [TestCase("ticket", "bad", CloseCodes.Unauthenticated)]
    [TestCase("header", "engine", CloseCodes.Forbidden)]
    [TestCase("ticket", "engine", CloseCodes.Forbidden)]
    public async Task Every_way_of_saying_who_one_is_lets_in_or_refuses_after_the_upgrade(string way, string token, int? closeCode)
    {
        if (way == "ticket" && token != "bad")
        {
            var principal = await _access.AuthenticateAsync(token, CancellationToken.None);
            await _host.Services.GetRequiredService<ITicketStore>().AddAsync(token, principal!, TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        await using var client = await WsClient.ConnectAsync(
            _host.Address,
            way switch { "query" => $"/ws?token={token}", "ticket" => $"/ws?ticket={token}", _ => "/ws" },
            options =>
            {
                switch (way)
                {
                    case "header":
                        options.SetRequestHeader("Authorization", $"Bearer {token}");
                        break;
                    case "subprotocol":
                        options.AddSubProtocol("bearer");
                        options.AddSubProtocol(token);
                        break;
                }
            });
        Assert.That(client.Subprotocol, Is.EqualTo(way == "subprotocol" ? "bearer" : null));
        if (closeCode is { } expected)
        {
            Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo(expected));
            await Probe.Until(() => _host.Metrics[$"realtime.disconnects:{expected}"] == 1);
            return;
        }

        await client.ReceiveAsync("connected");
        await client.SubscribeAsync("tasks");
    }

    [Test]
    public async Task A_ticket_opens_one_connection_only()
    {
        await _host.Services.GetRequiredService<ITicketStore>().AddAsync(
            "once", new Principal("p", [Policies.Viewer]), TimeSpan.FromMinutes(1), CancellationToken.None);
        await using var first = await _host.JoinAsync("/ws?ticket=once");
        await using var second = await _host.ConnectAsync("/ws?ticket=once");
        Assert.That(await second.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await first.SubscribeAsync("tasks");
    }

    [Test]
    public async Task Who_shows_nothing_may_say_who_it_is_and_until_then_only_ping()
    {
        await using var client = await _host.JoinAsync("/ws/dashboard");
        await client.SendTextAsync("ping");
        await client.ReceiveAsync("pong");
        await client.SendTextAsync("""{"type":"subscribe","channel":"tasks","id":1}""");
        var refused = await client.ReceiveAsync("error");
        await client.SendTextAsync("""{"type":"auth","id":2}""");
        var malformed = await client.ReceiveAsync("error");
        await client.SendTextAsync("""{"type":"auth","token":"good","id":3}""");
        var acknowledged = await client.ReceiveAsync("ack");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((refused.Text("code"), refused.GetProperty("id").GetInt32()), Is.EqualTo(("unauthenticated", 1)));
            Assert.That((malformed.Text("code"), malformed.GetProperty("id").GetInt32()), Is.EqualTo(("malformed", 2)));
            Assert.That(acknowledged.GetProperty("id").GetInt32(), Is.EqualTo(3));
        }

        // An existing client gets now what it did not get before.
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("tasks"));
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("cli"));
    }

    [Test]
    public async Task An_auth_frame_without_an_id_is_acknowledged_in_open_mode_too()
    {
        await using var open = await HubHost.StartAsync();
        await using var client = await open.JoinAsync();
        await client.SendTextAsync("""{"type":"auth","token":"whatever"}""");
        Assert.That((await client.ReceiveAsync()).GetRawText(), Is.EqualTo("""{"type":"ack"}"""));
    }

    [Test]
    public async Task A_wrong_auth_frame_is_told_so_and_ends_the_connection()
    {
        await using var client = await _host.JoinAsync();
        await client.SendTextAsync("""{"type":"auth","token":"bad","id":"a"}""");
        var error = await client.ReceiveAsync("error");
        Assert.That((error.Text("code"), error.Text("id")), Is.EqualTo(("unauthenticated", "a")));
        Assert.That(await client.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
    }

    [Test]
    public async Task Who_never_says_who_it_is_is_sent_away()
    {
        await using var host = await HubHost.StartAsync(new { AuthTimeout = "00:00:00.200", SweepInterval = "00:00:00.010" }, access: _access);
        await using var known = await host.JoinAsync("/ws?token=good");
        await using var silent = await host.JoinAsync();
        Assert.That(await silent.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await known.SubscribeAsync("tasks");
    }

    [Test]
    public async Task What_expires_ends_with_the_next_sweep_unless_it_was_renewed()
    {
        var clock = new MovableClock();
        await using var host = await HubHost.StartAsync(access: _access.With("short", clock.GetUtcNow() + TimeSpan.FromHours(1)), time: clock);
        await using var renewed = await host.JoinAsync("/ws?token=short");
        await using var expired = await host.JoinAsync("/ws?token=short");
        await renewed.SendTextAsync("""{"type":"auth","token":"good"}""");
        await renewed.ReceiveAsync("ack");
        await expired.SubscribeAsync("task:1");
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That(await expired.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await Probe.Until(() => host.Hub.Subscriptions == 0);
        await renewed.SubscribeAsync("task:1");
        await using var late = await host.ConnectAsync("/ws?token=short");
        Assert.That(await late.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        Assert.That(new RealtimeOptions().SweepInterval, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(1)), "it is promised to end within a second");
    }

    [Test]
    public async Task A_logout_or_a_change_of_roles_ends_what_was_open()
    {
        await using var changed = await _host.JoinAsync("/ws?token=good");
        await using var other = await _host.JoinAsync("/ws?token=operator");
        _access.Change("good");
        Assert.That(await changed.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await other.SubscribeAsync("tasks");
    }

    [Test]
    public async Task Each_subscription_is_authorised_by_itself()
    {
        _access.MayWatch = (_, channel) => channel != "flow:somebody";
        await using var client = await _host.JoinAsync("/ws?token=good");
        await client.SendTextAsync("""{"type":"subscribe","channels":[{"channel":"tasks"},{"channel":"flow:somebody"},{"channel":"alerts"}],"id":5}""");
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("tasks"));
        var error = await client.ReceiveAsync("error");
        Assert.That((error.Text("code"), error.Text("channel"), error.GetProperty("id").GetInt32()), Is.EqualTo(("forbidden", "flow:somebody", 5)));
        Assert.That((await client.ReceiveAsync("subscribed")).Text("channel"), Is.EqualTo("alerts"));
        Assert.That(_host.Hub.Subscriptions, Is.EqualTo(2));
    }

    [Test]
    public async Task Who_becomes_somebody_else_loses_what_that_one_may_not_watch()
    {
        _access.MayWatch = (principal, channel) => channel != "task:1" || principal.Name == "operator's owner";
        await using var client = await _host.JoinAsync("/ws?token=operator");
        await client.SubscribeAsync("task:1");
        await client.SubscribeAsync("task:2");
        await client.SendTextAsync("""{"type":"auth","token":"good"}""");
        await client.ReceiveAsync("ack");
        var error = await client.ReceiveAsync("error");
        Assert.That((error.Text("code"), error.Text("channel")), Is.EqualTo(("forbidden", "task:1")));
        await Probe.Until(() => _host.Hub.Subscriptions == 1);
        _host.PublishOutput("1", "not for it");
        _host.PublishOutput("2", "for it");
        Assert.That((await client.ReceiveAsync("task_output")).Text("output"), Is.EqualTo("for it"));
    }

    [TestCase("good", true)]
    [TestCase("operator", false)]
    public async Task Only_who_may_steer_may_steer(string token, bool isForbidden)
    {
        await using var client = await _host.JoinAsync($"/ws?token={token}");
        foreach (var type in (string[])["message", "stop", "input", "chat.message", "task.stop", "task.input"])
        {
            await client.SendAsync(new { type, id = 1, content = "hello", task_id = "t", message = "hello" });
            var answer = await client.ReceiveAsync("error");
            Assert.That((answer.Text("code") == "forbidden", answer.GetProperty("id").GetInt32()), Is.EqualTo((isForbidden, 1)), type);
        }
    }

    [Test]
    public async Task Who_steers_is_who_the_last_auth_frame_says()
    {
        await using var client = await _host.JoinAsync();
        foreach (var (token, isForbidden) in new[] { ("good", true), ("operator", false), ("good", true) })
        {
            await client.SendAsync(new { type = "auth", token });
            await client.ReceiveAsync("ack");
            await client.SendTextAsync("""{"type":"stop","task_id":"t"}""");
            Assert.That((await client.ReceiveAsync("error")).Text("code") == "forbidden", Is.EqualTo(isForbidden), token);
        }
    }

    [Test]
    public async Task Who_has_not_said_who_it_is_may_not_steer()
    {
        await using var client = await _host.JoinAsync();
        await client.SendTextAsync("""{"type":"stop","task_id":"t"}""");
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("unauthenticated"));
    }

    [Test]
    public async Task While_it_cannot_be_found_out_who_may_what_the_client_is_told_and_stays()
    {
        await using var client = await _host.JoinAsync("/ws?token=good");
        _access.WhileAsked = () => throw new TimeoutException();
        await client.SendTextAsync("""{"type":"subscribe","channel":"tasks"}""");
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("unavailable"));
        await client.SendTextAsync("""{"type":"auth","token":"operator"}""");
        Assert.That((await client.ReceiveAsync("error")).Text("code"), Is.EqualTo("unavailable"));
        _access.WhileAsked = () => Task.CompletedTask;
        await client.SubscribeAsync("tasks");
    }

    [Test]
    public async Task Another_scheme_in_the_header_is_for_others_on_the_way()
    {
        await using var client = await WsClient.ConnectAsync(
            _host.Address, "/ws?token=good", options => options.SetRequestHeader("Authorization", "Basic dXNlcjpwYXNz"));
        await client.ReceiveAsync("connected");
        await client.SubscribeAsync("tasks");
    }
}
