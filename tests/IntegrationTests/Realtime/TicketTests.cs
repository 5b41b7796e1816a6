using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using GrooteDashboard.Api.Realtime.Sockets;
using GrooteDashboard.Application.Identity.Ports;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrooteDashboard.IntegrationTests.Realtime;

/// <summary>Tickets of whole servers on one Redis; and what the log says of secrets: nothing.</summary>
[TestFixture]
internal sealed class TicketTests : ServerFixture
{
    [Test]
    public async Task A_ticket_of_one_instance_opens_a_connection_to_another_once()
    {
        await using var other = await DashboardServer.StartAsync(Database, Redis.ConnectionString);
        var ticket = await IssueAsync(Server);
        var seconds = int.Parse((await Redis.CommandAsync("PTTL", $"dash:ticket:{ticket}"))[1..], CultureInfo.InvariantCulture) / 1000.0;
        await using var first = await other.WatchAsync($"/ws?ticket={ticket}");
        await first.ReceiveAsync("connected");
        await using var second = await Server.WatchAsync($"/ws?ticket={ticket}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seconds, Is.InRange(1, 30));
            Assert.That(await second.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
            Assert.That(await Redis.CommandAsync("EXISTS", $"dash:ticket:{ticket}"), Is.EqualTo(":0"));
        }
    }

    [TestCase("wrong")]
    [TestCase("%2A")]
    public async Task A_wrong_ticket_is_refused_in_open_mode_too_and_an_empty_one_is_none(string ticket)
    {
        await using var wrong = await Server.WatchAsync($"/ws?ticket={ticket}");
        Assert.That(await wrong.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await using var empty = await Server.WatchAsync("/ws?ticket=");
        await empty.ReceiveAsync("connected");
    }

    [Test]
    public async Task Without_Redis_a_ticket_opens_a_connection_of_its_own_instance()
    {
        await using var alone = await DashboardServer.StartAsync(Database);
        await using var client = await alone.WatchAsync($"/ws?ticket={await IssueAsync(alone)}");
        await client.ReceiveAsync("connected");
    }

    [Test]
    public async Task While_Redis_is_away_tickets_have_to_wait()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var server = await DashboardServer.StartAsync(Database, redis.ConnectionString, "Redis:CommandTimeout=00:00:01");
        await redis.KillAsync();
        using var response = await server.Http.PostAsync("/api/realtime/tickets", null);
        Assert.That((response.StatusCode, response.Headers.RetryAfter is null), Is.EqualTo((HttpStatusCode.ServiceUnavailable, false)));
        Assert.That(async () => await server.WatchAsync("/ws?ticket=abc"), Throws.InstanceOf<WebSocketException>().With.Message.Contains("503"));
        await using var without = await server.WatchAsync();
        await without.ReceiveAsync("connected");
    }

    [Test]
    public async Task A_ticket_stands_for_whoever_asked_for_it_and_for_no_longer_than_that()
    {
        var clock = new MovableClock();
        var access = new StandInAccess().With("good").With("short", clock.GetUtcNow() + TimeSpan.FromHours(1)).With("engine", null, "Ingest");
        await using var server = await DashboardServer.StartAsync(
            Database, Redis.ConnectionString, builder => builder.Services.AddSingleton<IAccessControl>(access).AddSingleton<TimeProvider>(clock));

        using var anonymous = await server.Http.PostAsync("/api/realtime/tickets", null);
        Assert.That(anonymous.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(anonymous.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        using var wrong = await server.Http.PostAsync("/api/realtime/tickets", null);
        Assert.That(wrong.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "engine");
        using var forbidden = await server.Http.PostAsync("/api/realtime/tickets", null);
        Assert.That(forbidden.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));

        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "good");
        await using var stays = await server.WatchAsync($"/ws?ticket={await IssueAsync(server)}");
        await stays.ReceiveAsync("connected");
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "short");
        await using var goes = await server.WatchAsync($"/ws?ticket={await IssueAsync(server)}");
        await goes.ReceiveAsync("connected");
        clock.Advance(TimeSpan.FromHours(1));
        Assert.That(await goes.ReceiveCloseAsync(), Is.EqualTo(CloseCodes.Unauthenticated));
        await stays.SubscribeAsync("tasks");
    }

    /// <summary>Whatever the configuration asks for.</summary>
    [Test]
    public async Task No_token_and_no_ticket_is_ever_in_a_log()
    {
        var log = new RecordingLog();
        await using var server = await DashboardServer.StartAsync(
            Database,
            Redis.ConnectionString,
            builder => builder.Logging.AddProvider(log),
            "Logging:LogLevel:Default=Trace",
            "Logging:LogLevel:Microsoft=Trace",
            "Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Trace",
            // The console itself stays quiet, but for what it must not say.
            "Logging:Console:LogLevel:Default=None",
            "Logging:Console:LogLevel:Microsoft.AspNetCore.Hosting=Trace");

        await using (var byToken = await server.WatchAsync("/ws?token=hush-1"))
        {
            await byToken.ReceiveAsync("connected");
            await byToken.SendTextAsync("""{"type":"auth","token":"hush-2"}""");
            await byToken.ReceiveAsync("ack");
            await byToken.SendTextAsync("""{"type":"dance","token":"hush-3"}""");
            await byToken.ReceiveAsync("error");
        }

        await using (var byTicket = await server.WatchAsync("/ws?ticket=hush-4"))
        {
            await byTicket.ReceiveCloseAsync();
        }

        await using (var byProtocol = await WsClient.ConnectAsync(server.Address, "/ws", options =>
        {
            options.AddSubProtocol("bearer");
            options.AddSubProtocol("hush-5");
            options.SetRequestHeader("Authorization", "Bearer hush-6");
        }))
        {
            await byProtocol.ReceiveAsync("connected");
        }

        await server.Http.GetAsync("/ws?token=hush-7");
        await server.Http.GetAsync("/nowhere?token=hush-8");
        using (var malformed = await RawClient.ConnectAsync(server.Address))
        {
            await malformed.SendAsync("GET /ws?token=hush-9 HTTP/9.9\r\n\r\n"u8.ToArray());
            await malformed.IsEndedAsync();
        }

        await Probe.Until(() => log.Lines.Count(line => line.Contains("answered", StringComparison.Ordinal)) >= 5, "the requests are in the log");
        var console = server.Services.GetRequiredService<ILoggerFactory>();
        Assert.That(log.Lines.Where(line => line.Contains("hush", StringComparison.Ordinal)), Is.Empty);
        Assert.That(log.Lines, Has.Some.Contains("/nowhere"));
        Assert.That(console.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Information), Is.False, "on the console neither");
    }

    private static async Task<string> IssueAsync(DashboardServer server)
    {
        using var response = await server.Http.PostAsync("/api/realtime/tickets", null);
        response.EnsureSuccessStatusCode();
        Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
        var issued = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.That(issued.GetProperty("expires_in_seconds").GetInt32(), Is.EqualTo(30));
        return issued.GetProperty("ticket").GetString()!;
    }

    /// <summary>Remembers every line, with its scopes' parameters.</summary>
    private sealed class RecordingLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            _lines.Enqueue($"{state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
            // Nothing to let go of.
        }
    }
}
